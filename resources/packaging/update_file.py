"""Makes the key, and signs the file, by which installed Hearths hear of a new version.

    update_file.py key PRIVATE                      once; prints the public key
    update_file.py sign PRIVATE VERSION PAGE FILE   for each release

The public key and the address of FILE go into resources/updates/source.json before
`make package`. PRIVATE stays with the builder. Sign again now and then: the date in
the file tells people that it is not an old one.
"""

import base64
import sys
from datetime import UTC, datetime
from pathlib import Path

from backend.services.updates.signed_file import Release, sign


def main(arguments: list[str]) -> str:
    """Do what is asked; return what to print."""
    match arguments:
        case ["key", private]:
            return _new_key(Path(private))
        case ["sign", private, version, page, file]:
            today = str(datetime.now(UTC).date())
            release = Release(version=version, date=today, page=page)
            Release.read(release.to_text())
            key = base64.b64decode(Path(private).read_text("ascii"))
            Path(file).write_bytes(sign(release, key))
            return f"Put {file} where source.json says."
        case _:
            return str(__doc__)


def _new_key(private: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 slow
        Ed25519PrivateKey,
    )

    key = Ed25519PrivateKey.generate()
    private.touch(0o600, exist_ok=False)
    private.write_text(base64.b64encode(key.private_bytes_raw()).decode(), "ascii")
    public = key.public_key().public_bytes_raw()
    return f"The public key: {base64.b64encode(public).decode()}"


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")

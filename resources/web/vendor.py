"""Copies what the page needs out of the pinned npm packages into `vendor/`.

With them come their licences, which whoever passes them on has to pass on too. Run
after `npm ci`, which has checked every package against its integrity hash. The
icons are those named in `icons.txt`.
"""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.min.js",
    "idiomorph.js": "idiomorph/dist/idiomorph-ext.min.js",
    "turndown.js": "turndown/dist/turndown.js",
    # SIL Open Font License 1.1, whole in spite of its name.
    "math.woff2": (
        "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2"
    ),
}


def bundle(packages: Path, entry: Path, script: Path) -> None:
    """Join a script and what it imports into one file."""
    [esbuild] = (
        file
        for kind in ("*/bin/esbuild", "*/esbuild.exe")
        for file in (packages / "@esbuild").glob(kind)
    )
    # In a worker without `document` the layout takes itself for one of its own.
    options = ("--bundle", "--minify", "--format=iife", "--legal-comments=none")
    subprocess.run(  # noqa: S603 the pinned tool, fixed words
        [
            esbuild,
            entry,
            *options,
            "--banner:js=var document={};",
            f"--outfile={script}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def main() -> None:
    """Build `vendor/` anew."""
    packages = HERE / "node_modules"
    vendor = HERE / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    (vendor / "icons").mkdir(parents=True)
    for name, source in FILES.items():
        shutil.copyfile(packages / source, vendor / name)
    bundle(packages, HERE / "drawer.mjs", vendor / "drawer.js")
    for name in (HERE / "icons.txt").read_text().split():
        icon = packages / "lucide-static" / "icons" / f"{name}.svg"
        shutil.copyfile(icon, vendor / "icons" / icon.name)
    (vendor / "licences").mkdir()
    for package in json.loads((HERE / "package.json").read_text())["dependencies"]:
        [terms] = (packages / package).glob("LICENSE*")
        shutil.copyfile(terms, vendor / "licences" / f"{Path(package).name}.txt")
    # The wheel takes this folder as it is.
    shutil.rmtree(packages)


if __name__ == "__main__":
    main()

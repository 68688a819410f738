"""Stands for the process that looks for a graphics card, on a computer that has one."""

from backend.runtime.worker import answer, finish, take_job

if __name__ == "__main__":
    take_job()
    answer({"has_card": True})
    finish()

"""What chance hardly ever does with three computers: keys, trash, and who was away."""

import pytest

from tests.helpers.sync_bugs import (
    Bug,
    a_key_stands_behind_what_is_sealed_under_it,
    a_new_key_may_be_older_than_another,
    found_by_course,
    keys_are_heard_in_their_turn_alone,
    what_is_gone_comes_back,
)
from tests.helpers.sync_courses import COURSES, Course
from tests.helpers.synced import Computer


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.__name__)
def test_all_is_well_in_the_end(three: list[Computer], course: Course) -> None:
    course(three)


@pytest.mark.parametrize(
    "bug",
    [
        a_key_stands_behind_what_is_sealed_under_it,
        a_new_key_may_be_older_than_another,
        keys_are_heard_in_their_turn_alone,
        what_is_gone_comes_back,
    ],
    ids=lambda bug: bug.__name__,
)
def test_a_deliberate_bug_is_found(bug: Bug) -> None:
    assert found_by_course(bug)

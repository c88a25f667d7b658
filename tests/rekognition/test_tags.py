"""Tags: what programs write on collections, sealed at rest."""

from __future__ import annotations

import json

from mien.permission.caller import Operation
from rekognition.people import OTHERS, PEOPLE, refused, scene
from service.sealing import listening
from service.stage import Stage
from service.traces import find_traces

PRIVATE = "Ward 7 of the clinic"


def test_tags_are_put_replaced_taken_away_and_told(stage: Stage) -> None:
    with scene(stage) as here:
        client = here.client
        arn = client.create_collection(CollectionId=PEOPLE, Tags={"a": "1", "b": "2"})[
            "CollectionArn"
        ]
        client.tag_resource(ResourceArn=arn, Tags={"b": "3", "Größe / é": "", "c": "x" * 256})
        told = {"a": "1", "b": "3", "Größe / é": "", "c": "x" * 256}
        assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == told
        client.untag_resource(ResourceArn=f"arn:{arn}", TagKeys=["a", "c", "never there"])
        told = {"b": "3", "Größe / é": ""}
        assert client.list_tags_for_resource(ResourceArn=f"arn:{arn}")["Tags"] == told


def test_a_tag_is_nowhere_at_rest_and_the_log_counts_it(stage: Stage) -> None:
    with scene(stage) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE)["CollectionArn"]
        with listening() as heard:
            here.client.tag_resource(ResourceArn=arn, Tags={"Place": PRIVATE})
        assert any(PRIVATE.encode() in content for content in heard)
        here.client.untag_resource(ResourceArn=arn, TagKeys=["Place"])
        here.client.tag_resource(ResourceArn=arn, Tags={"Place": PRIVATE})
        assert find_traces(stage.home, {"tag": PRIVATE.encode()}) == []
        tagged = [
            json.dumps(entry)
            for entry in here.library.audit().entries()
            if entry["action"] == "collection-tagged"
        ]
    assert len(tagged) == 3
    assert '"tags": 1' in tagged[0]
    assert '"removed": 1' in tagged[1]
    assert not any(PRIVATE in entry or PEOPLE in entry for entry in tagged)


def test_the_key_of_tags_goes_with_the_collection(stage: Stage) -> None:
    with scene(stage) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE, Tags={"a": "1"})["CollectionArn"]
        subjects = here.library._deployment.vault.subjects
        assert len(subjects.list_all()) == 1
        here.client.delete_collection(CollectionId=PEOPLE)
        assert subjects.list_all() == []
        here.client.create_collection(CollectionId=PEOPLE)
        assert here.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}


def test_a_collection_has_two_hundred_tags_at_most(stage: Stage) -> None:
    many = {f"k{number}": "" for number in range(200)}
    with scene(stage) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE, Tags=many)["CollectionArn"]
        here.client.tag_resource(ResourceArn=arn, Tags={"k0": "again"})
        with refused("ServiceQuotaExceededException", "200 tags"):
            here.client.tag_resource(ResourceArn=arn, Tags={"one more": ""})
        assert len(here.client.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 200
        with refused("InvalidParameterException", "'Tags'"):
            here.client.create_collection(CollectionId=OTHERS, Tags={**many, "one more": ""})
        assert here.client.list_collections()["CollectionIds"] == [PEOPLE]


def test_keys_and_values_have_the_characters_that_amazon_allows(stage: Stage) -> None:
    wrong = (
        *({"aws:own": ""}, {"a;b": ""}, {"a": "b;c"}, {"a\n": ""}),
        *({"x" * 129: ""}, {"a": "x" * 257}),
    )
    with scene(stage) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE)["CollectionArn"]
        for tags in wrong:
            with refused("InvalidParameterException", "'Tags."):
                here.client.tag_resource(ResourceArn=arn, Tags=tags)
        assert here.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}


def test_another_arn_is_no_resource_here(stage: Stage) -> None:
    with scene(stage) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE)["CollectionArn"]
        wrong = [
            arn.replace("us-east-1", "eu-west-1"),
            arn[: arn.index(":collection")][:-12] + "0" * 12 + ":collection/people",
            arn.replace("collection/people", "streamprocessor/people"),
            arn.replace("people", "others"),
            arn.replace("people", "secret"),
        ]
        for one in wrong:
            with refused("ResourceNotFoundException"):
                here.client.list_tags_for_resource(ResourceArn=one)
        for one in ("people people people people", arn.replace("people", "a b"), arn + "x" * 255):
            with refused("InvalidParameterException", "'ResourceArn'"):
                here.client.list_tags_for_resource(ResourceArn=one)


def test_tags_are_put_only_by_a_key_that_may_add(stage: Stage) -> None:
    with scene(stage, Operation.VIEW, Operation.GRANT) as here:
        arn = here.client.create_collection(CollectionId=PEOPLE, Tags={"a": "1"})["CollectionArn"]
        with refused("AccessDeniedException", "(operation-not-yours)"):
            here.client.tag_resource(ResourceArn=arn, Tags={"b": "2"})
        with refused("AccessDeniedException", "(operation-not-yours)"):
            here.client.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert here.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1"}

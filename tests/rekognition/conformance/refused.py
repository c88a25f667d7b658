"""The operations of the service model: which are offered, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping

SUPPORTED = frozenset(
    {
        *("CreateCollection", "DeleteCollection", "DescribeCollection", "ListCollections"),
        *("IndexFaces", "ListFaces", "DeleteFaces", "DetectFaces"),
        *("SearchFaces", "SearchFacesByImage", "CompareFaces"),
        *("CreateUser", "DeleteUser", "ListUsers", "AssociateFaces", "DisassociateFaces"),
        *("SearchUsers", "SearchUsersByImage"),
        *("TagResource", "UntagResource", "ListTagsForResource"),
    }
)

REASONS: Mapping[str, tuple[str, ...]] = {
    "about things in photos, not about faces": (
        *("DetectLabels", "DetectModerationLabels", "DetectProtectiveEquipment", "DetectText"),
        *("GetMediaAnalysisJob", "ListMediaAnalysisJobs", "StartMediaAnalysisJob"),
    ),
    "names people whom nobody asked": ("GetCelebrityInfo", "RecognizeCelebrities"),
    "models trained on things, not on faces": (
        *("CopyProjectVersion", "CreateDataset", "CreateProject", "CreateProjectVersion"),
        *("DeleteDataset", "DeleteProject", "DeleteProjectPolicy", "DeleteProjectVersion"),
        *("DescribeDataset", "DescribeProjectVersions", "DescribeProjects"),
        *("DetectCustomLabels", "DistributeDatasetEntries", "ListDatasetEntries"),
        *("ListDatasetLabels", "ListProjectPolicies", "PutProjectPolicy"),
        *("StartProjectVersion", "StopProjectVersion", "UpdateDatasetEntries"),
    ),
    "video: people are searched in photos here, and watched nowhere": (
        *("CreateStreamProcessor", "DeleteStreamProcessor", "DescribeStreamProcessor"),
        *("ListStreamProcessors", "StartStreamProcessor", "StopStreamProcessor"),
        *("UpdateStreamProcessor", "StartFaceDetection", "GetFaceDetection"),
        *("StartFaceSearch", "GetFaceSearch", "StartPersonTracking", "GetPersonTracking"),
        *("StartCelebrityRecognition", "GetCelebrityRecognition"),
        *("StartContentModeration", "GetContentModeration"),
        *("StartLabelDetection", "GetLabelDetection"),
        *("StartSegmentDetection", "GetSegmentDetection"),
        *("StartTextDetection", "GetTextDetection"),
    ),
    "whether somebody is really before a camera needs a stream from it": (
        *("CreateFaceLivenessSession", "GetFaceLivenessSessionResults"),
    ),
}

REFUSED: Mapping[str, str] = {
    operation: reason for reason, operations in REASONS.items() for operation in operations
}
"""Every other operation, and why it is not offered."""

TRAITS = (
    *("AGE_RANGE", "BEARD", "EMOTIONS", "EYE_DIRECTION", "EYEGLASSES", "EYES_OPEN", "GENDER"),
    *("MOUTH_OPEN", "MUSTACHE", "FACE_OCCLUDED", "SMILE", "SUNGLASSES"),
)
"""What may be asked of a face by name, and is not told here."""

// A program as it would be written for Amazon Rekognition: index two people, find one of them by
// another photo, compare two photos, and clear up. It prints one line of JSON for the test.
//
//     node smoke.js FIRST SECOND PROBE NOBODY
//
// The endpoint, the key and the region come from the environment, as the SDK reads them.

import { readFileSync } from "node:fs";

import {
  CompareFacesCommand,
  CreateCollectionCommand,
  DeleteCollectionCommand,
  DescribeCollectionCommand,
  DetectFacesCommand,
  IndexFacesCommand,
  InvalidParameterException,
  RekognitionClient,
  ResourceNotFoundException,
  SearchFacesByImageCommand,
  paginateListFaces,
} from "@aws-sdk/client-rekognition";

const [first, second, probe, nobody] = process.argv
  .slice(2)
  .map((path) => ({ Bytes: new Uint8Array(readFileSync(path)) }));
const CollectionId = process.env["SMOKE_COLLECTION"];
const signed = new Set<string>();

const client = new RekognitionClient({ maxAttempts: 1 });
client.middlewareStack.add(
  (next) => (sent) => {
    const headers = (sent.request as { headers: Record<string, string> }).headers;
    signed.add(/SignedHeaders=([^,]+)/.exec(headers["authorization"] ?? "")?.[1] ?? "");
    return next(sent);
  },
  { step: "finalizeRequest", priority: "low", name: "noteSignedHeaders" },
);

async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return `caught ${error.name}`;
    if (error instanceof InvalidParameterException) return error.message;
    throw error;
  }
  return "answered";
}

const made = await client.send(new CreateCollectionCommand({ CollectionId }));
for (const [Image, ExternalImageId] of [
  [first, "first"],
  [second, "second"],
] as const) {
  await client.send(new IndexFacesCommand({ CollectionId, Image, ExternalImageId }));
}
const listed: (string | undefined)[] = [];
for await (const page of paginateListFaces({ client, pageSize: 1 }, { CollectionId })) {
  listed.push(...(page.Faces ?? []).map((face) => face.ExternalImageId));
}
const found = await client.send(
  new SearchFacesByImageCommand({ CollectionId, Image: probe, FaceMatchThreshold: 80 }),
);
const compared = await client.send(
  new CompareFacesCommand({ SourceImage: first, TargetImage: probe }),
);
const detected = await client.send(new DetectFacesCommand({ Image: probe }));
const described = await client.send(new DescribeCollectionCommand({ CollectionId }));
const noFace = await codeOf(
  client.send(new SearchFacesByImageCommand({ CollectionId, Image: nobody })),
);
await client.send(new DeleteCollectionCommand({ CollectionId }));
const gone = await codeOf(client.send(new DescribeCollectionCommand({ CollectionId })));

console.log(
  JSON.stringify({
    status: made.StatusCode,
    arn: made.CollectionArn === described.CollectionARN,
    listed: listed.sort(),
    found: found.FaceMatches?.map((match) => match.Face?.ExternalImageId),
    compared: compared.FaceMatches?.length,
    detected: detected.FaceDetails?.length,
    faces: described.FaceCount,
    created: described.CreationTimestamp instanceof Date,
    noFace,
    gone,
    signed: [...signed],
  }),
);

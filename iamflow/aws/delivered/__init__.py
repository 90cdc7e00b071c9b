"""CloudTrail's events as a trail delivers them to S3: gzipped JSON objects by account, region and day of delivery."""

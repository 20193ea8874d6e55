reduce inputs as $e ({};
  ($e.asset + " " + $e.at[:16]) as $key
  | .[$key].count += 1
  | .[$key].sum += ($e.amount | tonumber))
| to_entries[]
| (.key | split(" ")) as [$asset, $minute]
| {asset: $asset, minute: ($minute + ":00Z"), count: .value.count, sum: (.value.sum | tostring)}

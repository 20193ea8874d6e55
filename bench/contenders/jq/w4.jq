reduce inputs as $e ({};
  [$e.asset + " " + $e.at[:16]] as $key
  | getpath($key) as $t
  | setpath($key; [$t[0] + 1, $t[1] + ($e.amount | tonumber)]))
| to_entries[]
| (.key | split(" ")) as [$asset, $minute]
| {asset: $asset, minute: ($minute + ":00Z"), count: .value[0], sum: (.value[1] | tostring)}

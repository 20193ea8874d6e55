# jq has one output: the type goes before each line, and awk sends it to its file.
select(
  (.type == "payment" and (.amount | tonumber) > 100)
  or (.type == "trade" and (.price | tonumber) < 1)
  or (.type == "transfer" and .asset == "XLM")
)
| "\(.type)\t\(tojson)"

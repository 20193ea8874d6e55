select(.type == "payment" and (.amount | tonumber) > 100)
| {id, at, account, counterparty, amount, fee: ((.amount | tonumber) * 0.0025 | tostring)}

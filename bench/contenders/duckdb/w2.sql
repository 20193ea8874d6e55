COPY (
    SELECT id, "at", account, counterparty, amount, (amount::DECIMAL(18, 7) * 0.0025)::VARCHAR AS fee
    FROM read_ndjson($input, columns = {
        id: 'VARCHAR', type: 'VARCHAR', "at": 'VARCHAR', account: 'VARCHAR', counterparty: 'VARCHAR', amount: 'VARCHAR'
    })
    WHERE type = 'payment' AND amount::DECIMAL(18, 7) > 100
) TO $output1 (FORMAT json);

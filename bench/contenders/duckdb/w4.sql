COPY (
    SELECT asset, strftime(date_trunc('minute', "at"), '%Y-%m-%dT%H:%M:00Z') AS minute, count(*) AS count, sum(amount)::VARCHAR AS sum
    FROM read_ndjson($input, columns = {"at": 'TIMESTAMP', asset: 'VARCHAR', amount: 'DECIMAL(18, 7)'})
    GROUP BY ALL
) TO $output1 (FORMAT json);

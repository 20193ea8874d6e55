package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

// A store is the database with the rows and, in a table of one row, the offsets behind
// the records that they are of.
type store struct {
	conn        *pgconn.PgConn
	copy        string
	offsets     map[int32]int64
	last        []byte // the offsets as they stand in the database
	transaction bool
}

const offsetsTable = "CREATE TABLE IF NOT EXISTS relay_offsets (one bool PRIMARY KEY DEFAULT true CHECK (one), offsets text NOT NULL); " +
	"INSERT INTO relay_offsets (offsets) VALUES ('{}') ON CONFLICT DO NOTHING; SELECT offsets FROM relay_offsets"

func openStore(ctx context.Context, dsn, table string) (*store, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s := &store{conn: conn, copy: "COPY " + table + " FROM STDIN", offsets: map[int32]int64{}}
	results, err := conn.Exec(ctx, offsetsTable).ReadAll()
	if err == nil {
		s.last = bytes.Clone(results[len(results)-1].Rows[0][0])
		err = json.Unmarshal(s.last, &s.offsets)
	}
	return s, err
}

// add copies rows into the open transaction.
func (s *store) add(ctx context.Context, text []byte) error {
	if !s.transaction {
		if _, err := s.conn.Exec(ctx, "BEGIN").ReadAll(); err != nil {
			return err
		}
		s.transaction = true
	}
	_, err := s.conn.CopyFrom(ctx, bytes.NewReader(text), s.copy)
	return err
}

// commit commits the rows with the offsets behind them. A second relay that is at work
// has changed those that were there: then nothing is committed.
func (s *store) commit(ctx context.Context) error {
	offsets, err := json.Marshal(s.offsets)
	if err != nil || bytes.Equal(offsets, s.last) {
		return err
	}
	if !s.transaction { // of records that gave no rows
		if _, err := s.conn.Exec(ctx, "BEGIN").ReadAll(); err != nil {
			return err
		}
	}
	s.transaction = false
	r := s.conn.ExecParams(ctx, "UPDATE relay_offsets SET offsets = $1 WHERE offsets = $2", [][]byte{offsets, s.last}, nil, nil, nil).Read()
	if r.Err != nil {
		return r.Err
	}
	if r.CommandTag.RowsAffected() != 1 {
		return errors.New("another relay is at work")
	}
	s.last = offsets
	_, err = s.conn.Exec(ctx, "COMMIT").ReadAll()
	return err
}

// runOnce reads each partition from where the database is.
func runOnce(ctx context.Context, broker, topic, dsn, table string) error {
	last := context.WithoutCancel(ctx)
	s, err := openStore(ctx, dsn, table)
	if err != nil {
		return err
	}
	defer s.conn.Close(last)
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.FetchMaxWait(time.Second), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx, topic)
	if err == nil {
		err = topics.Error()
	}
	if err != nil {
		return fmt.Errorf("topic %s: %w", topic, err)
	}
	begin := map[int32]kgo.Offset{}
	for p := range topics[topic].Partitions {
		begin[p] = kgo.NewOffset().AtStart()
		if next, ok := s.offsets[p]; ok {
			begin[p] = kgo.NewOffset().At(next)
		}
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: begin})
	payments := scan.NewPayments()
	var text []byte
	for due := time.Now().Add(time.Second); ; {
		poll, cancel := context.WithDeadline(ctx, due)
		fetches := client.PollFetches(poll)
		cancel()
		text, err = appendRows(text[:0], payments, fetches)
		if err == nil && len(text) > 0 {
			err = s.add(last, text)
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 {
				s.offsets[p.Partition] = p.Records[n-1].Offset + 1
			}
		})
		if err == nil && (ctx.Err() != nil || time.Now().After(due)) {
			due = time.Now().Add(time.Second)
			err = s.commit(last)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

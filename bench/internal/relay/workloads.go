package relay

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// The topics, streams and tables of all workloads.
const (
	source = "events"
	target = "payments"
)

// All gives the workloads.
func All() []Workload { return []Workload{kafkaToKafka(), natsToNATS(), kafkaToPostgres()} }

func kafkaToKafka() Workload {
	const byHand = "franz-go by hand, at least once"
	return Workload{
		ID: "kafka-kafka", Title: "W2 from a topic of Kafka to another, four partitions each, events of 1 KB", Goal: "flowc ≥ 0.9",
		Reference: byHand, ends: topics,
		Contenders: []Contender{
			byHandAs(byHand, "kafkarelay", func(from, to string) []string { return []string{from, source, target} }),
			flowc("flowc, at least once, its own position", brokers, "from-kafka", "to-kafka"),
			flowc("flowc, at least once, a group's position", brokers, "from-kafka", "in-group", "to-kafka"),
			byHandAs("franz-go by hand, in transactions", "kafkarelay", func(from, to string) []string { return []string{"once", from, source, target} }),
			flowc("flowc, effectively once", brokers, "from-kafka", "to-kafka", "once"),
		},
	}
}

func natsToNATS() Workload {
	const byHand = "nats.go by hand, at least once"
	return Workload{
		ID: "nats-nats", Title: "W2 from a stream of JetStream to another, events of 1 KB", Goal: "flowc ≥ 0.9",
		Reference: byHand, ends: streams,
		Contenders: []Contender{
			byHandAs(byHand, "natsrelay", func(from, to string) []string { return []string{from, source, target} }),
			flowc("flowc, at least once", urls, "from-nats", "to-nats"),
		},
	}
}

func kafkaToPostgres() Workload {
	const byHand = "franz-go and pgx by hand, COPY, at least once"
	return Workload{
		ID: "kafka-postgres", Title: "W2 from a topic of Kafka, four partitions, into a table of PostgreSQL, events of 1 KB", Goal: "flowc ≥ 0.9",
		Reference: byHand, ends: topicAndTable,
		Contenders: []Contender{
			byHandAs(byHand, "kafkatable", func(from, to string) []string { return []string{from, source, to, target} }),
			byHandAs("franz-go and pgx by hand, COPY, effectively once", "kafkatable", func(from, to string) []string { return []string{"once", from, source, to, target} }),
			flowc("flowc, effectively once", brokerAndTable, "from-kafka", "to-postgres"),
		},
	}
}

// byHandAs is a program of this module.
func byHandAs(name, pkg string, args func(from, to string) []string) Contender {
	return Contender{Name: name, plan: func(ctx context.Context, s *shop.Shop) (func(from, to string) measure.Command, error) {
		path, err := s.Go(ctx, "contenders/"+pkg)
		return func(from, to string) measure.Command {
			return measure.Command{Argv: append([]string{path}, args(from, to)...)}
		}, err
	}}
}

// flowc is the pipeline `relay` with overlays that say what it stands between.
func flowc(name string, settings func(from, to string) []string, overlays ...string) Contender {
	return Contender{Name: name, plan: func(ctx context.Context, s *shop.Shop) (func(from, to string) measure.Command, error) {
		path, err := s.Pipeline(ctx, "relay", overlays...)
		return func(from, to string) measure.Command {
			argv := []string{path}
			for _, set := range settings(from, to) {
				argv = append(argv, "--set", set)
			}
			return measure.Command{Argv: argv}
		}, err
	}}
}

func brokers(from, to string) []string {
	return []string{"events.config.brokers=" + from, "out.config.brokers=" + to}
}

func urls(from, to string) []string {
	return []string{"events.config.url=" + from, "out.config.url=" + to}
}

func brokerAndTable(from, to string) []string {
	return []string{"events.config.brokers=" + from, "out.config.dsn=" + to}
}

// broker is one broker at both ends.
type broker struct{ *rig.Kafka }

func topics(ctx context.Context, r rig.Rig) (ends, error) {
	k, err := r.Kafka(ctx, source+":4", target+":4")
	return broker{k}, err
}

func (b broker) from() string                                { return b.Address }
func (b broker) to() string                                  { return b.Address }
func (b broker) feed(ctx context.Context, path string) error { return b.Feed(ctx, source, path) }
func (b broker) count(ctx context.Context) (int, error)      { return b.Count(ctx, target) }
func (b broker) dump(ctx context.Context, path string) error { return b.Dump(ctx, target, path) }
func (b broker) stop() error                                 { return b.Stop() }

// jetStream is one server at both ends.
type jetStream struct{ *rig.NATS }

func streams(ctx context.Context, r rig.Rig) (ends, error) {
	n, err := r.NATS(ctx, source, target)
	return jetStream{n}, err
}

func (j jetStream) from() string                                { return j.URL }
func (j jetStream) to() string                                  { return j.URL }
func (j jetStream) feed(ctx context.Context, path string) error { return j.Feed(ctx, source, path) }
func (j jetStream) count(ctx context.Context) (int, error)      { return j.Count(ctx, target) }
func (j jetStream) dump(ctx context.Context, path string) error { return j.Dump(ctx, target, path) }
func (j jetStream) stop() error                                 { return j.Stop() }

// table is a broker, and a database behind it.
type table struct {
	*rig.Kafka
	postgres *rig.Postgres
}

func topicAndTable(ctx context.Context, r rig.Rig) (ends, error) {
	p, err := r.Postgres(ctx)
	if err != nil {
		return nil, err
	}
	t := table{postgres: p}
	// With no index and no constraint: what the database does is not the matter.
	err = p.Exec(ctx, "CREATE TABLE "+target+" (id text NOT NULL, at text NOT NULL, account text NOT NULL, counterparty text NOT NULL, amount numeric NOT NULL, fee numeric NOT NULL)")
	if err == nil {
		t.Kafka, err = r.Kafka(ctx, source+":4")
	}
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return t, nil
}

func (t table) from() string                                { return t.Address }
func (t table) to() string                                  { return t.postgres.DSN }
func (t table) feed(ctx context.Context, path string) error { return t.Feed(ctx, source, path) }
func (t table) count(ctx context.Context) (int, error)      { return t.postgres.Count(ctx, target) }
func (t table) stop() error                                 { return errors.Join(t.Stop(), t.postgres.Stop()) }

func (t table) dump(ctx context.Context, path string) error {
	return t.postgres.Dump(ctx, `SELECT format('{"id":"%s","at":"%s","account":"%s","counterparty":"%s","amount":"%s","fee":"%s"}', id, at, account, counterparty, amount, fee) FROM `+target, path)
}

// lines counts those of a file.
func lines(path string) (int, error) {
	text, err := os.ReadFile(path)
	return bytes.Count(text, []byte("\n")), err
}

package ingest

import (
	"context"
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// A Workload is a set of servers that do the same, and where they write.
type Workload struct {
	ID, Title string
	// Reference is the server that the others are compared with.
	Reference string
	Goal      string
	Servers   []Server
	open      func(context.Context, rig.Rig) (output, error)
}

// A Server is a contender.
type Server struct {
	Name string
	// Writes is false for the one that only answers: it has no result.
	Writes  bool
	prepare func(context.Context, *shop.Shop) (plan, error)
}

// A plan gives the command that serves at an address and writes to a place, which is
// what the workload's output calls it; dir is for all else.
type plan func(address, place, dir string) measure.Command

// All gives the workloads in their order.
func All() []Workload { return []Workload{intoFile(), intoTable(), intoTopic()} }

func intoFile() Workload {
	const nothing = "net/http doing nothing"
	return Workload{
		ID: "W6", Title: "HTTP ingest of one event a request with W2's transform, answered after the write; a core for the server, a core for 64 connections",
		Reference: nothing, Goal: "flowc ≥ 0.87 (within 1.15 × of doing nothing)", open: files,
		Servers: []Server{
			{Name: nothing, prepare: program("nethttp", func(address, _ string) []string { return []string{"nothing", address} })},
			{Name: "net/http acked, hand-written scanner", Writes: true, prepare: program("nethttp", func(address, path string) []string { return []string{"acked", address, path} })},
			{Name: "naive: net/http acked, encoding/json", Writes: true, prepare: program("naive", func(address, path string) []string { return []string{"W6", address, path} })},
			flowc("w6", nil, "out.config.path"),
		},
	}
}

func intoTable() Workload {
	const gathered = "net/http and pgx, scanner, the rows of all who wait in one COPY"
	return Workload{
		ID:    "W6-postgres",
		Title: "W6 into a table of PostgreSQL, answered after the commit; the server and the database share a core, the files of the database lie in memory",
		Goal:  "flowc ≥ 0.9", Reference: gathered, open: tables,
		Servers: []Server{
			{Name: gathered, Writes: true, prepare: program("httptable", func(address, dsn string) []string { return []string{"gathered", address, dsn, tableName} })},
			{Name: "net/http and pgx, scanner, an INSERT a request", Writes: true, prepare: program("httptable", func(address, dsn string) []string { return []string{"single", address, dsn, tableName} })},
			flowc("w6", []string{"into-postgres"}, "out.config.dsn"),
		},
	}
}

func intoTopic() Workload {
	const byHand = "net/http and franz-go, scanner"
	return Workload{
		ID:    "W6-kafka",
		Title: "W6 into a topic of Kafka, answered when the broker has the record; the server and the broker share a core",
		Goal:  "flowc ≥ 0.9", Reference: byHand, open: topics,
		Servers: []Server{
			{Name: byHand, Writes: true, prepare: program("httptopic", func(address, broker string) []string { return []string{address, broker, topicName} })},
			flowc("w6", []string{"into-kafka"}, "out.config.brokers"),
		},
	}
}

// program is a server of this module.
func program(pkg string, argv func(address, place string) []string) func(context.Context, *shop.Shop) (plan, error) {
	return func(ctx context.Context, s *shop.Shop) (plan, error) {
		path, err := s.Go(ctx, "contenders/"+pkg)
		return func(address, place, _ string) measure.Command {
			return measure.Command{Argv: append([]string{path}, argv(address, place)...)}
		}, err
	}
}

// flowc is a pipeline; place is the key that says where it writes.
func flowc(pipeline string, overlays []string, place string) Server {
	return Server{Name: "flowc", Writes: true, prepare: func(ctx context.Context, s *shop.Shop) (plan, error) {
		path, err := s.Pipeline(ctx, pipeline, overlays...)
		return func(address, to, dir string) measure.Command {
			return measure.Command{
				Argv: []string{path, "--set", "events.config.listen=" + address, "--set", place + "=" + to},
				Dir:  dir, Env: []string{"FLOWC_STATE=" + filepath.Join(dir, "state")},
			}
		}, err
	}}
}

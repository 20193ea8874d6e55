package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	infra "github.com/flowc-dev/flowc/backends/sandbox"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// needsOf is what a pipeline needs, as lines: services with what is made in them, variables
// and settings, what can't be handed over, and what comes from elsewhere.
func needsOf(t *testing.T, text string, env map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "needs.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := driver.Compile(t.Context(), driver.Options{File: file, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Diagnostics.HasErrors() {
		t.Fatalf("%v", r.Diagnostics)
	}
	n := infra.Of(r.Program, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	var b strings.Builder
	for i := range n.Services {
		s := &n.Services[i]
		if s.Port == 0 {
			s.Port = 60000 + i
		}
		fmt.Fprintf(&b, "%s %d fixed=%t for %s\n", s.Kind, s.Port, s.Fixed, strings.Join(s.Why, " "))
		for _, made := range []struct {
			what  string
			names any
			has   bool
		}{
			{"topics", s.Topics, s.Topics != nil},
			{"streams", s.Streams, s.Streams != nil},
			{"databases", s.Databases, s.Databases != nil},
			{"logins", s.Logins, s.Logins != nil},
			{"buckets", s.Buckets, s.Buckets != nil},
		} {
			if made.has {
				fmt.Fprintf(&b, "  %s %v\n", made.what, made.names)
			}
		}
		for _, table := range s.Tables {
			fmt.Fprintf(&b, "  table in %s: %s %v key %v changes %t\n", table.Database, table.Name, table.Columns, table.Key, table.Changes)
		}
	}
	vars, problems := n.Hand(n.Services)
	for _, v := range vars {
		if v.For != "" {
			fmt.Fprintf(&b, "%s=%s for %s\n", v.Name, strings.ReplaceAll(v.Value, "\n", " "), v.For)
		}
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "problem: %s: %s\n", p.Text, p.Help)
	}
	for _, o := range n.Outside {
		fmt.Fprintf(&b, "outside: %s for %s\n", o.Name, o.For)
	}
	return b.String()
}

// TestSandboxNeeds has what is started for pipelines, and how they are told.
func TestSandboxNeeds(t *testing.T) {
	t.Parallel()
	const order = "types:\n  Order: {id: string, n: int64, at?: time, region: eu | us}\n"
	for name, c := range map[string]struct {
		text, want string
		env        map[string]string
	}{
		"variables": {text: order + `
sources:
  orders: {use: kafka, config: {brokers: ["${env:BROKERS}"], topics: [orders, "^more", "${env:TOPIC}"]}, out: Order}
sinks:
  bills: {from: orders, use: nats, config: {url: "nats://${env:NATS_HOST}:${env:NATS_PORT:-4222}", subject: "bills.${in.Region}.x-${in.ID}"}}
  named: {from: orders, use: kafka, config: {brokers: ["${env:BROKERS}"], topic: "o-${in.Region}"}}
`, env: map[string]string{"TOPIC": "third"}, want: `
kafka 60000 fixed=false for orders named
  topics [orders third]
nats 60001 fixed=false for bills
  streams [{BILLS [bills.*.*]}]
BROKERS=127.0.0.1:60000 for orders.brokers, named.brokers
NATS_HOST=127.0.0.1 for bills.url
NATS_PORT=60001 for bills.url
outside: TOPIC for orders.topics
`},
		"texts": {text: order + `
sources:
  orders: {use: kafka, config: {brokers: ["localhost:9092"], topics: [orders]}, out: Order}
sinks:
  elsewhere: {from: orders, use: kafka, config: {brokers: ["kafka.example.com:9092"], topic: out, tls: {enabled: true, ca: ca.pem}, sasl: {mechanism: plain, user: me, password: "${env:KAFKA_PASSWORD}"}}}
  bills: {from: orders, use: nats, config: {url: "tls://nats.example.com", subject: bills, user: me, password: "${file:/run/secrets/nats}"}}
`, want: `
kafka 9092 fixed=true for orders elsewhere
  topics [orders out]
nats 60001 fixed=false for bills
  streams [{BILLS [bills]}]
KAFKA_PASSWORD=sandbox for elsewhere.sasl.password
FLOWC_SET=needs:elsewhere.config.brokers=127.0.0.1:9092 needs:elsewhere.config.tls.enabled=false needs:elsewhere.config.tls.ca= needs:elsewhere.config.sasl.mechanism= needs:bills.config.url=nats://127.0.0.1:60001 needs:bills.config.password=sandbox for elsewhere.brokers, elsewhere.tls.enabled, elsewhere.tls.ca, elsewhere.sasl.mechanism, bills.url, bills.password
`},
		"databases": {text: order + `
sources:
  rows: {use: postgres, config: {dsn: "${env:SHOP}", table: shop.orders, key: id}, out: Order}
  changes: {use: postgres, config: {dsn: "host=localhost port=5433 user=${env:DB_USER:-app} dbname=copies", table: orders}, out: change of Order}
sinks:
  store: {from: rows, use: postgres, config: {dsn: "postgres://app:${env:PW}@${env:DB_HOST}:5433/copies?sslmode=verify-full", table: o}}
  copies: {from: changes, use: postgres, config: {dsn: "${env:SHOP}", table: c, key: id}}
delivery: {checkpoint: {store: nats, url: "${env:NATS}"}}
`, want: `
nats 60000 fixed=false for delivery.checkpoint
postgres 5433 fixed=true for rows changes store copies
  databases [copies]
  logins [{app }]
  table in postgres: shop.orders [{id string false} {n int64 false} {at time true} {region enum false}] key [id] changes false
  table in copies: orders [{id string false} {n int64 false} {at time true} {region enum false}] key [id] changes true
DB_USER=app for changes.dsn
NATS=nats://127.0.0.1:60000 for delivery.checkpoint.url
SHOP=postgres://postgres@127.0.0.1:5433/postgres?sslmode=disable for rows.dsn, copies.dsn
FLOWC_SET=needs:store.config.dsn=postgres://app@127.0.0.1:5433/copies?sslmode=disable for store.dsn
`},
		"conflicts": {text: order + `
sources:
  orders: {use: kafka, config: {brokers: ["localhost:${env:PORT}"], topics: [orders]}, out: Order}
sinks:
  bills: {from: orders, use: nats, config: {url: "nats://localhost:${env:PORT}", subject: bills}}
delivery: {checkpoint: {store: nats, url: "nats://nats.example.com"}}
`, want: `
kafka 60000 fixed=false for orders
  topics [orders]
nats 60001 fixed=false for bills delivery.checkpoint
  streams [{BILLS [bills]}]
PORT=60000 for orders.brokers, bills.url
problem: the variable PORT is to be "60000" for ` + "`orders.brokers`" + ` and "60001" for ` + "`bills.url`" + `: take a variable for each of them
problem: ` + "`delivery.checkpoint.url`" + ` can't be set to the sandbox's from outside: read it from a variable as a whole: ` + "`${env:NAME}`" + `
`},
		"components": {text: order + `
sources:
  orders:
    command: [./orders]
    gives: [a.v1]
    env: {REDIS_ADDR: "${env:CACHE}", S3_ENDPOINT: "http://localhost:9000", S3_BUCKET: objects, POSTGRES_HOST: db.example.com, POSTGRES_USER: me, TOKEN: "${env:TOKEN}", QUEUE: "nats://localhost:4333"}
    out: bytes
sinks:
  none: {from: orders, use: drop}
`, want: `
nats 4333 fixed=true for orders
postgres 60001 fixed=false for orders
  logins [{me }]
redis 60002 fixed=false for orders
s3 9000 fixed=true for orders
  buckets [objects]
CACHE=127.0.0.1:60002 for orders.env.REDIS_ADDR
problem: the component ` + "`orders`" + ` is not given the sandbox's postgres: its variable POSTGRES_HOST is "db.example.com": read it from outside, so that it can be another one: ` + "`POSTGRES_HOST: ${env:POSTGRES_HOST:-…}`" + `
outside: TOKEN for orders.env
`},
		"nothing": {text: order + `
sources:
  orders: {use: stdin, out: Order}
sinks:
  out: {from: orders, use: sqlite, config: {path: x.db, table: o}}
`, want: "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := "\n" + needsOf(t, c.text, c.env); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSandboxServices reads files of services, those of flowctl's corpus included.
func TestSandboxServices(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, text string, containers bool) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "services.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if !driver.IsServices(file) {
			t.Fatal("it is no file of services")
		}
		declared, l, err := driver.Services(file, func(name string) (string, bool) {
			value, ok := map[string]string{"IMAGE": "redis", "PORT": "7001", "EMPTY": ""}[name]
			return value, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, d := range l {
			fmt.Fprintf(&b, "%s: %s\n", d.Severity, d.Message)
		}
		all, notes := infra.Services(declared, containers)
		for _, s := range all {
			fmt.Fprintf(&b, "%s %s %d", s.Name, s.Kind, s.Port)
			if len(s.Logins)+len(s.Databases)+len(s.Buckets) > 0 {
				fmt.Fprintf(&b, " %v %v %v", s.Logins, s.Databases, s.Buckets)
			}
			if i := s.Container; i != nil {
				fmt.Fprintf(&b, " %s %q env %q publish %q volumes %q after %q health %q", i.Image, append([]string{i.Entrypoint}, i.Command...), i.Env, i.Publish, i.Volumes, i.After, i.Health)
			}
			b.WriteString("\n")
		}
		for _, n := range notes {
			fmt.Fprintln(&b, "note:", n)
		}
		return b.String()
	}
	const compose = `
services:
  cache: {image: "docker.io/library/redis:7-alpine", command: [redis-server, --requirepass, hunter2], ports: ["7000:6379"], depends_on: [store]}
  store:
    image: postgres:17
    environment: [POSTGRES_USER=app, POSTGRES_DB=shop]
    ports: [{host: 5433, container: 5432}]
  objects: {image: minio/minio, environment: {MINIO_DEFAULT_BUCKETS: "a-a, b-b"}, ports: ["9000:9000", "9001:9001"]}
  events: {image: confluentinc/cp-kafka:7.5.0, depends_on: [keeper]}
  keeper: {image: confluentinc/cp-zookeeper}
  again: {image: "redpandadata/redpanda@sha256:00"}
  board:
    image: grafana/grafana
    entrypoint: [/run.sh, -x]
    ports: ["127.0.0.1:3001:3000", "9/udp"]
    volumes: ["./board:/etc/board:ro", data:/data]
    depends_on: {keeper: {condition: service_started}, store: {}}
    healthcheck: {test: [CMD, curl, -f, "it's"]}
    networks: [x]
    privileged: true
`
	for name, c := range map[string]struct {
		text, want string
		containers bool
	}{
		"embedded": {text: compose, want: `
warning: ` + "the port `9/udp` of `board` is left out: a sandbox publishes those of TCP" + `
warning: ` + "`privileged` of the service `board` has no place in a file of Compose" + `
cache redis 7000 [{ hunter2}] [] []
store postgres 5433 [{app }] [shop] []
objects s3 9000 [] [] [a-a b-b]
events kafka 0
board container 0 grafana/grafana ["/run.sh" "-x"] env [] publish ["127.0.0.1:3001:3000"] volumes ["./board:/etc/board:ro" "data:/data"] after ["store"] health ["curl" "-f" "it's"]
note: services.yaml:10:3: ` + "`keeper` is left out: the sandbox's own Kafka needs no ZooKeeper" + `
note: services.yaml:11:3: ` + "`again` is the same server as `events`: a sandbox has one of a kind" + `
`},
		"containers": {text: "services:\n  cache: {image: redis:7, ports: [6379], command: redis-server --x}\n  keeper: {image: zookeeper}\n", containers: true, want: `
cache container 0 redis:7 ["" "sh" "-c" "redis-server --x"] env [] publish ["127.0.0.1:0:6379"] volumes [] after [] health []
keeper container 0 zookeeper [""] env [] publish [] volumes [] after [] health []
`},
		"mistakes": {text: "services:\n  a: {ports: [1]}\n  b: {image: x, ports: [no, 0, '70000:1'], depends_on: [c]}\n", want: `
error: ` + "the service `a` has no `image`" + `
error: ` + "`no` is no port" + `
error: ` + "`0` is no port" + `
error: ` + "`70000:1` is no port" + `
error: ` + "`b` needs `c`, and there is no such service" + `
a container 0  [""] env [] publish [] volumes [] after [] health []
b container 0 x [""] env [] publish [] volumes [] after ["c"] health []
`},
		"variables": {text: "services:\n  a: {image: \"${IMAGE}:7\", ports: [{host: \"${PORT}\", container: 6379}]}\n  b:\n    image: x\n    environment:\n      A: $PORT-$$PORT ${EMPTY-x}${EMPTY:-y}${NONE:-${IMAGE:?}/${NONE-}}\n      B: ${PORT:+set}${EMPTY:+no}${EMPTY+empty}\n", want: `
a redis 7001
b container 0 x [""] env ["A=7001-$PORT yredis/" "B=setempty"] publish [] volumes [] after [] health []
`},
		"no variables": {text: "services:\n  a: {image: \"x:${NONE}\"}\n  b: {image: x, command: [\"${EMPTY:?say where}\", \"${NONE?}\", $5, \"${A\", \"${A!}\", \"${}\", $]}\n", want: `
error: the variable NONE is not set
error: the variable EMPTY is not set: say where
error: the variable NONE is not set
error: ` + "a `$` begins a variable, and here is no name" + `
error: the variable that begins here has no end
error: ` + "`${A!}` is no variable" + `
error: ` + "`${}` is no variable" + `
error: ` + "a `$` begins a variable, and here is no name" + `
a container 0 x:${NONE} [""] env [] publish [] volumes [] after [] health []
b container 0 x ["" "${EMPTY:?say where}" "${NONE?}" "$5" "${A" "${A!}" "${}" "$"] env [] publish [] volumes [] after [] health []
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := "\n" + read(t, c.text, c.containers); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSandboxLeaf has images told by the last part of their name alone.
func TestSandboxLeaf(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		"redis": sandbox.Redis, "example.com:5000/x/redis:7": sandbox.Redis, "postgis/postgis:16-3.4": sandbox.Postgres, "apache/kafka-native": sandbox.Kafka,
		"nats:2-alpine": sandbox.NATS, "kafka-ui": "", "clickhouse/clickhouse-server": "", "redis-exporter": "", "": "",
	} {
		if got := infra.KindOf(image); got != want {
			t.Errorf("%s is %q, want %q", image, got, want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// A pipeline whose sources have no types yet, and whose other nodes can't be
// understood without them, gets them from the systems that it is to read.
func TestInferLive(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	if !pgtest.Here() {
		t.Skip("there is no PostgreSQL on this machine")
	}
	database, broker, stream := pgtest.New(t), newKafkaCluster(t, "orders", "empty", "texts"), newNATSServer(t)
	database.Exec(`CREATE TYPE side AS ENUM ('buy', 'sell'); CREATE TABLE trades (id bigint PRIMARY KEY, side side NOT NULL, price numeric, tags text[], at timestamptz NOT NULL);
CREATE TABLE fills (id bigint PRIMARY KEY, size numeric NOT NULL, note text, twice bigint GENERATED ALWAYS AS (2) STORED)`)
	broker.produce(0, 30)
	client := broker.client()
	defer client.Close()
	for _, text := range []string{"a b", "{"} {
		if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "texts", Value: []byte(text)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "orders", Value: []byte("{\n \"id\": \"31\",\n \"memo\": \"m\"\n}")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: "orders", Value: []byte("no JSON")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	stream.make("ORDERS", "orders.>")
	stream.publish(0, 3)

	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	const text = `# The shop.
pipeline: shop
defaults:
  kafka: {brokers: ["${env:BROKER}"]}

sources:
  # in the database
  trades: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: trades, key: id}}
  fills: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: fills}, out: change of Fill}
  orders:
    use: kafka
    config: {topics: [orders], group: shop}
    on_error: {then: dead}   # what is no order
  bills: {use: nats, config: {url: "${env:NATS_URL}", stream: ORDERS}, out: json}
  empty: {use: kafka, config: {topics: [empty]}}
  texts: {use: kafka, config: {topics: [texts]}}
  none: {use: postgres, config: {dsn: "${env:SHOP_DB}", table: none, key: id}}
  file: {use: file, config: {path: in.ndjson}}

processors:
  large: {from: trades, filter: in.Price > 10}
sinks:
  out: {from: [large, nowhere], use: stdout}
  dead: {use: file, config: {path: dead.ndjson}}
`
	writeFile(t, file, text)
	t.Setenv("FLOWC_CACHE", t.TempDir())
	t.Setenv("BROKER", broker.address())
	t.Setenv("SHOP_DB", database.DSN())
	t.Setenv("NATS_URL", stream.url())
	infer := func(args ...string) (code int, out, said string) {
		var stdout, stderr bytes.Buffer
		code = run(append([]string{"infer", file}, args...), nil, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}

	for _, c := range []struct{ source, want, warning string }{
		{"trades", "# from the columns of `trades`\ntypes:\n  Trade:\n    id: int64\n    side: buy | sell\n    price?: decimal\n    tags?: [string]\n    at: time\n", ""},
		{"orders", "# from 31 records of `orders`\ntypes:\n  Order:\n    id: string\n    region?: string  # missing in 1 of 31\n    total?: string   # missing in 1 of 31; numbers in quotes: --decimals makes it a decimal\n    memo?: string    # missing in 30 of 31\n", "1 message of the sample is no JSON"},
		{"fills", "# from the columns of `fills`\ntypes:\n  Fill:\n    id: int64\n    size?: decimal  # not told of deletes, unless the table has REPLICA IDENTITY FULL\n    note?: string\n\n# sources:\n#   fills:\n#     out: change of Fill\n", ""},
		{"bills", "types:\n  Bill:\n    id: string\n", ""},
	} {
		code, out, said := infer(c.source)
		if code != 0 || !strings.HasPrefix(out, c.want) && !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d: %s\n%s", c.source, code, out, said)
		}
	}
	for source, want := range map[string]string{
		"empty":  "pipeline.yaml:15: error: `empty`: infer: " + broker.address() + ": there are no messages in empty yet",
		"texts":  "the messages of `texts` are no JSON: read them as `format: text`",
		"none":   "relation \"none\" does not exist",
		"file":   "the source `file` has no way to tell what its records are: take some of them into a file, and `flowc infer FILE`",
		"trade":  "did you mean `trades`?",
		"--help": "",
	} {
		code, out, said := infer(source)
		if source != "--help" && (code == 0 || !strings.Contains(said, want)) {
			t.Errorf("%s: exit code %d: %s\n%s", source, code, out, said)
		}
	}

	// Written into the file, with everything else as it was.
	for _, source := range []string{"trades", "orders"} {
		if code, _, said := infer(source, "--write"); code != 0 {
			t.Fatalf("%s: exit code %d: %s", source, code, said)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"\nsources:", `
types:
  Trade:
    id: int64
    side: buy | sell
    price?: decimal
    tags?: [string]
    at: time
  Order:
    id: string
    region?: string  # missing in 1 of 31
    total?: string   # missing in 1 of 31; numbers in quotes: --decimals makes it a decimal
    memo?: string    # missing in 30 of 31

sources:`,
		"table: trades, key: id}}", "table: trades, key: id}, out: Trade}",
		"   # what is no order\n", "   # what is no order\n    out: Order\n",
	).Replace(text)
	if string(got) != want {
		t.Errorf("the file is\n%s\nnot\n%s", got, want)
	}
	if code, _, said := infer("orders", "--write"); code == 0 || !strings.Contains(said, "it has a type `Order` already") {
		t.Errorf("exit code %d: %s", code, said)
	}

	// A server that is away is said, once, with the address.
	address := broker.address()
	broker.stop()
	if code, out, said := infer("orders"); code != 6 || !strings.Contains(said, address) || !strings.Contains(said, "connection refused") {
		t.Errorf("exit code %d: %s\n%s", code, out, said)
	}
}

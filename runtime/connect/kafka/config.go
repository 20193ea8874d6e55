// Package kafka reads topics of Kafka and of brokers that speak its protocol, and
// writes to them.
//
// The source reads all partitions of its topics, each in its order. The checkpoint
// has the offset in each partition, so after a crash it goes on behind the last
// message that is safe; no group is joined, and nothing has to be waited for. An
// entry of `topics` that begins with ^ is a regular expression; topics and
// partitions that come later are found.
//
//	sources:
//	  orders: {use: kafka, config: {brokers: ["localhost:9092"], topics: [orders]}, out: Order}
//	sinks:
//	  bills: {from: orders, use: kafka, config: {brokers: ["localhost:9092"], topic: "bills-${in.Region}", key: "${in.ID}"}}
//
// With `group` the partitions are shared with the other members of a consumer
// group, and the position is kept by the broker: offsets are committed behind what
// is safe. When partitions change hands what was read and is not safe yet comes
// again, to whoever has them then. A member that was killed is missed after 10 s;
// one with an `instance` of its own is back at once.
//
// Messages of transactions that were not committed are not read. A message is one
// record: a JSON value, a text, or bytes.
//
// The sink is an idempotent producer that waits for all replicas: what it sends
// again after a lost answer is stored once, and in order. A record goes to the
// partition of its key (as Java's clients have it), records without to any.
//
// With `guarantee: effectively-once` (of the sink or of the pipeline) records and
// the program's checkpoint are in one transaction, from any source that can go
// back: consumers with isolation.level=read_committed see each record once, as
// soon as the checkpoint that it belongs to. All topics that a sink writes to are in
// it, and one sink of a pipeline can do so. The checkpoint is a message of the
// compacted topic flowc_checkpoints; the transactional id is flowc-PIPELINE, and a
// second copy of the program shuts the first out, which ends with exit code 6. The
// login needs Write and Describe on that id, and Create or Write, Read and
// DescribeConfigs on that topic. A source with `group` keeps its position with the
// broker, and so is at least once.
//
// It also carries records between the processes of a pipeline that runs in several:
// `edges: {kafka: {brokers: ["localhost:9092"]}}`.
//
// Brokers that can't be reached are waited for, at the start as well.
package kafka

import (
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// SourceMemory is what the client holds of messages that were not read yet: an
// answer of each broker, taken apart.
const SourceMemory = 48 << 20

// SinkMemory is what the client holds of records on their way, compressed and not.
const SinkMemory = 16 << 20

// SinkGathers is up to how much of what waits goes into one write: each waits for an answer.
const SinkGathers = 256 << 10

// SourceConfig is the config of the source.
type SourceConfig struct {
	// Brokers are the addresses of some brokers of the cluster, host:port each.
	Brokers []string `json:"brokers" flowc:"required" reach:"connects 9092"`
	// Topics are the topics to read; one that begins with ^ is a regular
	// expression.
	Topics []string `json:"topics" flowc:"required"`
	// Group is the consumer group to join; without it the program reads all
	// partitions, and its own checkpoint has the position.
	Group string `json:"group" flowc:"fixed"`
	// Instance is the name of this member of the group, of its own in each copy of
	// the program: after a restart it has its partitions again at once.
	Instance string `json:"instance" needs:"group"`
	// Start is where a first run begins: earliest, latest, or a time such as
	// 2026-01-31T08:00:00Z.
	Start string `json:"start" form:"start" default:"earliest"`
	// Format is json (ndjson means the same: one value a message), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
	// TLS says whom to trust, and who the program is.
	TLS TLS `json:"tls"`
	// SASL is how to log in.
	SASL SASL `json:"sasl"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SourceConfig `json:"-"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// Brokers are the addresses of some brokers of the cluster, host:port each.
	Brokers []string `json:"brokers" flowc:"required" reach:"connects 9092"`
	// Topic is where records go.
	Topic string `json:"topic" flowc:"required,per-record"`
	// Key is the records' key: those with the same key stay in their order; empty
	// for none.
	Key string `json:"key" flowc:"per-record"`
	// Format is json (ndjson means the same: one value a message), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
	// Compression is none, gzip, snappy, lz4 or zstd.
	Compression string `json:"compression" values:"none,gzip,snappy,lz4,zstd" default:"snappy"`
	// MaxMessage is the largest batch of records that the brokers take, and so the
	// longest record (message.max.bytes of the broker).
	MaxMessage int64 `json:"max_message" flowc:"positive" type:"size" default:"1000000"`
	// Headers are set on each record.
	Headers map[string]string `json:"headers"`
	// Transaction is about effectively once, where records are in transactions.
	Transaction Transaction `json:"transaction"`
	// TLS says whom to trust, and who the program is.
	TLS TLS `json:"tls"`
	// SASL is how to log in.
	SASL SASL `json:"sasl"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SinkConfig `json:"-"`
}

// Transaction is how the sink keeps the program's checkpoint with its records.
type Transaction struct {
	// ID is the transactional id; empty is flowc-PIPELINE. Of two programs with
	// the same one the later shuts the earlier out.
	ID string `json:"id"`
	// Checkpoints is the topic that has the checkpoint, by the name of the
	// pipeline. It is made where it is not there.
	Checkpoints string `json:"checkpoints" default:"flowc_checkpoints"`
	// Timeout is how long a transaction may last before the brokers roll it back; it
	// is made longer where checkpoints are further apart.
	Timeout time.Duration `json:"timeout" flowc:"positive" default:"1m"`
}

// TLS is whom the program trusts, and who it is; any of it makes connections
// TLS.
type TLS struct {
	// Enabled makes connections TLS, trusting the authorities of the system.
	Enabled bool `json:"enabled"`
	// CA is the file of the authorities (PEM) to trust; empty trusts those of the
	// system.
	CA string `json:"ca" reach:"reads"`
	// Cert is the file of the client's certificate (PEM), where the broker asks for
	// one. It is read anew for each connection.
	Cert string `json:"cert" reach:"reads"`
	// Key is the file of its key (PEM).
	Key string `json:"key" reach:"reads"`
	// Insecure trusts anybody: for tests alone.
	Insecure bool `json:"insecure"`
}

// client is the part of it that says what, and not whether.
func (t TLS) client() connect.ClientTLS {
	return connect.ClientTLS{CA: t.CA, Cert: t.Cert, Key: t.Key, Insecure: t.Insecure}
}

// SASL is how the program logs in.
type SASL struct {
	// Mechanism is plain, scram-sha-256 or scram-sha-512; empty does not log in.
	Mechanism string `json:"mechanism" values:"plain,scram-sha-256,scram-sha-512"`
	// User is the name.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"sasl.user"`
}

// SinkMeta is what `meta:` sets beside a record.
type SinkMeta struct {
	// Key is the record's key, over that of the config.
	Key string `json:"key"`
}

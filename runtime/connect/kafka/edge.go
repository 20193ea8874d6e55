package kafka

import (
	"fmt"
	"math"

	"github.com/flowc-dev/flowc/runtime/fresh"
)

// An edge between processes of a pipeline is a topic with a partition for each copy of
// the reader. Writer and reader both make it where it is not there (edgetopic.go). What
// the reader's checkpoint has passed is deleted from it, and nothing else ever is.

// EdgeSourceMemory is what the client holds of envelopes that were not read yet: an
// answer of a broker taken apart, and the next one. Snappy makes a 21st of what it finds,
// at best, so an answer of 1 MiB becomes 21 MiB.
const EdgeSourceMemory = 48 << 20

// EdgeSinkMemory is what the client holds of envelopes on their way, and those that are
// being filled.
const EdgeSinkMemory = 20 << 20

// EdgeSinkGathers is up to how much of what waits goes into one write: each waits for
// an answer.
const EdgeSinkGathers = 256 << 10

// EdgeSourceConfig is the config of the end of an edge.
type EdgeSourceConfig struct {
	// Brokers are the addresses of some brokers of the cluster, host:port each.
	Brokers []string `json:"brokers" flowc:"required" reach:"connects 9092"`
	// Topic is the edge's topic.
	Topic string `json:"topic" flowc:"required,fixed"`
	// Partitions is how many copies of the reader there are.
	Partitions int `json:"partitions" flowc:"required,fixed"`
	// Partition is the one that this copy reads, from 0.
	Partition int `json:"partition"`
	// Schema is what the records look like.
	Schema string `json:"schema" flowc:"required,fixed"`
	// Writers is how many copies of the writer there are that come to an end; 0 where
	// they do not.
	Writers int `json:"writers" flowc:"fixed"`
	// Open tells that nobody knows whether the writers come to an end; where they do, they
	// say so.
	Open bool `json:"open" flowc:"fixed"`
	// ReplicationFactor is how many brokers keep the topic that is made; without it
	// the brokers decide (default.replication.factor).
	ReplicationFactor int `json:"replication_factor" flowc:"positive"`
	// MaxMessage is the largest batch of records that the topic takes, and so the
	// longest record (max.message.bytes of the topic that is made).
	MaxMessage int64 `json:"max_message" flowc:"positive" type:"size" default:"1000000"`
	// TLS says whom to trust, and who the program is.
	TLS TLS `json:"tls"`
	// SASL is how to log in.
	SASL SASL `json:"sasl"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *EdgeSourceConfig `json:"-"`
}

// EdgeSinkConfig is the config of the begin of an edge.
type EdgeSinkConfig struct {
	// Brokers are the addresses of some brokers of the cluster, host:port each.
	Brokers []string `json:"brokers" flowc:"required" reach:"connects 9092"`
	// Topic is the edge's topic.
	Topic string `json:"topic" flowc:"required,fixed"`
	// Partitions is how many copies of the reader there are.
	Partitions int `json:"partitions" flowc:"required,fixed"`
	// Key is what a record is told by: those with the same key go to the same
	// partition. Without one they go round.
	Key string `json:"key" flowc:"per-record"`
	// Schema is what the records look like.
	Schema string `json:"schema" flowc:"required,fixed"`
	// Writer is the process, with the number of its copy.
	Writer string `json:"writer"`
	// Steady tells that the same records come in the same order after a crash.
	Steady bool `json:"steady" flowc:"fixed"`
	// Ends tells that the writer comes to an end, and says so.
	Ends bool `json:"ends" flowc:"fixed"`
	// MaxBytes is how much of what this process wrote may wait in the topic to be
	// read; where that is reached it waits.
	MaxBytes int64 `json:"max_bytes" type:"size" default:"1GiB" flowc:"positive"`
	// ReplicationFactor is how many brokers keep the topic that is made; without it
	// the brokers decide (default.replication.factor).
	ReplicationFactor int `json:"replication_factor" flowc:"positive"`
	// MaxMessage is the largest batch of records that the topic takes, and so the
	// longest record (max.message.bytes of the topic that is made).
	MaxMessage int64 `json:"max_message" flowc:"positive" type:"size" default:"1000000"`
	// Compression is none or snappy. Others can make so much less of envelopes that what
	// a reader holds has no bound.
	Compression string `json:"compression" values:"none,snappy" default:"snappy"`
	// TLS says whom to trust, and who the program is.
	TLS TLS `json:"tls"`
	// SASL is how to log in.
	SASL SASL `json:"sasl"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *EdgeSinkConfig `json:"-"`
}

func (c EdgeSourceConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Brokers, c.TLS, c.SASL, func() SASL { return now().SASL }}
}

func (c EdgeSinkConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Brokers, c.TLS, c.SASL, func() SASL { return now().SASL }}
}

// newEdgeTopic is the topic of an edge as it has to be.
func newEdgeTopic(a access, name string, partitions, replication int, maxMessage int64) (*edgeTopic, error) {
	if maxMessage <= 0 || maxMessage > math.MaxInt32 {
		return nil, fmt.Errorf("max_message is %d, and must be larger than 0 and less than 2GiB", maxMessage)
	}
	if replication > math.MaxInt16 {
		return nil, fmt.Errorf("replication_factor is %d, and there are not so many brokers", replication)
	}
	l, err := newLink(a)
	if err != nil {
		return nil, err
	}
	return &edgeTopic{l, name, partitions, replication, maxMessage}, nil
}

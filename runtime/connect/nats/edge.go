package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
)

// An edge between processes of a pipeline is a stream with a subject for each
// partition, which is what one copy of the reader reads: STREAM.0, STREAM.1 and so
// on. Writer and reader both make it where it is not there.

// EdgeSourceMemory is what the client holds of envelopes that were not read yet.
const EdgeSourceMemory = 16 << 20

// EdgeSinkMemory is what the client holds of envelopes on their way, and those that
// are being filled.
const EdgeSinkMemory = 20 << 20

// EdgeSinkGathers is up to how much of what waits goes into one write: each waits for
// an answer.
const EdgeSinkGathers = 256 << 10

// EdgeSourceConfig is the config of the end of an edge.
type EdgeSourceConfig struct {
	// URL is where the server is: nats://host:4222, tls:// for TLS, several of a
	// cluster with commas between. With a password in it it takes a reference alone.
	URL string `json:"url" flowc:"required,secret" form:"dsn" reach:"connects 4222"`
	// Stream is the edge's stream.
	Stream string `json:"stream" flowc:"required,fixed"`
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
	// MaxBytes is how much may wait in the stream; a writer that finds it full waits.
	MaxBytes int64 `json:"max_bytes" type:"size" default:"1GiB" flowc:"positive"`
	// Replicas is how many servers of a cluster keep the stream.
	Replicas int `json:"replicas" default:"1" flowc:"positive"`
	// User is the name to log in with.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"user"`
	// Token is what the server asks for in place of a user.
	Token string `json:"token" flowc:"secret"`
	// Credentials is the file with the JWT and the seed of a user (a .creds file);
	// it is read anew for each connection.
	Credentials string `json:"credentials"`
	// TLS says whom to trust, and who the program is.
	TLS connect.ClientTLS `json:"tls"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *EdgeSourceConfig `json:"-"`
}

// EdgeSinkConfig is the config of the begin of an edge.
type EdgeSinkConfig struct {
	// URL is where the server is: nats://host:4222, tls:// for TLS, several of a
	// cluster with commas between. With a password in it it takes a reference alone.
	URL string `json:"url" flowc:"required,secret" form:"dsn" reach:"connects 4222"`
	// Stream is the edge's stream.
	Stream string `json:"stream" flowc:"required,fixed"`
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
	// MaxBytes is how much may wait in the stream; a writer that finds it full waits.
	MaxBytes int64 `json:"max_bytes" type:"size" default:"1GiB" flowc:"positive"`
	// Replicas is how many servers of a cluster keep the stream.
	Replicas int `json:"replicas" default:"1" flowc:"positive"`
	// User is the name to log in with.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"user"`
	// Token is what the server asks for in place of a user.
	Token string `json:"token" flowc:"secret"`
	// Credentials is the file with the JWT and the seed of a user (a .creds file);
	// it is read anew for each connection.
	Credentials string `json:"credentials"`
	// TLS says whom to trust, and who the program is.
	TLS connect.ClientTLS `json:"tls"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *EdgeSinkConfig `json:"-"`
}

// subject is that of a partition.
func subject(stream string, partition int) string { return fmt.Sprintf("%s.%d", stream, partition) }

// describes is what the stream of an edge says about itself. The number of its
// partitions is part of it, since the partition of a key follows from it.
func describes(partitions int) string {
	return fmt.Sprintf("an edge of a flowc pipeline, %d partitions", partitions)
}

// makeStream makes the stream of an edge where it is not there. One for another number
// of partitions is taken over when it is empty, and refused otherwise; its size and its
// copies are changed as they are asked for.
func makeStream(ctx context.Context, l *link, name string, partitions int, size int64, replicas int) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	js, err := l.jetStream()
	if err != nil {
		return err
	}
	want := jetstream.StreamConfig{
		Name: name, Description: describes(partitions), Subjects: []string{name + ".*"},
		Storage: jetstream.FileStorage, MaxBytes: size, Discard: jetstream.DiscardNew, Replicas: replicas,
	}
	stream, err := js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was faster
			stream, err = js.Stream(ctx, name)
		}
	}
	switch {
	case isAway(err):
		return l.Gone(err)
	case err != nil:
		return streamError(l, name, size, err)
	}
	info := stream.CachedInfo()
	switch found := info.Config.Description; {
	case found == want.Description && info.Config.MaxBytes == size && info.Config.Replicas == replicas:
		return nil
	case found == want.Description:
	case !strings.HasPrefix(found, "an edge of a flowc pipeline"):
		return &edge.Error{Err: fmt.Errorf("%s: there is a stream %s that is no edge of a pipeline: delete it, or rename the pipeline", l.Server, name)}
	case info.State.Msgs > 0:
		return &edge.Error{Err: fmt.Errorf("%s: the stream %s is %s and holds %d messages, and %d partitions are asked for: let the program that made it read them, then change the number of replicas, or purge the stream if nothing in it is needed", l.Server, name, found, info.State.Msgs, partitions)}
	}
	changed := info.Config
	changed.Description, changed.MaxBytes, changed.Replicas = want.Description, size, replicas
	switch _, err := js.UpdateStream(ctx, changed); {
	case isAway(err):
		return l.Gone(err)
	case err != nil:
		return streamError(l, name, size, err)
	}
	return nil
}

// The codes by which a server says that it has no room for a stream: it sets the whole
// of MaxBytes aside when the stream is made.
// Source: server/errors.json of nats-server.
var noRoom = []jetstream.ErrorCode{10002, 10023, 10047, 10122}

// streamError is a server's refusal to make or change the stream of an edge.
func streamError(l *link, name string, size int64, err error) error {
	remedy := ""
	if api := (&jetstream.APIError{}); errors.As(err, &api) && slices.Contains(noRoom, api.ErrorCode) {
		remedy = fmt.Sprintf(": it sets all of its %d bytes aside: set `max_bytes` of `edges: {nats: …}` to less, or give the server more storage", size)
	}
	return &edge.Error{Err: fmt.Errorf("%s: the stream %s of the edge: %w%s", l.Server, name, err, remedy)}
}

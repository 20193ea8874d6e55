package nats

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// StoreMemory is what the client holds of values on their way.
const StoreMemory = 4 << 20

// StoreConfig is where a program keeps its checkpoint.
type StoreConfig struct {
	// URL is where the server is: nats://host:4222, tls:// for TLS, several of a
	// cluster with commas between. With a password in it it takes a reference alone.
	URL string `json:"url" flowc:"required,secret" form:"dsn" reach:"connects 4222"`
	// Bucket is the key-value bucket, made (in files, without replicas) where it is
	// not there. Several programs may share it.
	Bucket string `json:"bucket" default:"flowc"`
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
	Fresh func() *StoreConfig `json:"-"`
}

// A Store keeps the state of programs in a key-value bucket, a key a cell:
// PIPELINE.checkpoint and so on. The version of a cell is its revision.
type Store struct {
	bucket   string
	link     *link
	pipeline string
	on       *nats.Conn // what the bucket is reached by; nil before it was
	kv       jetstream.KeyValue
	reader   nats.JetStreamContext
}

// storeTimeout is how long the server may take to answer: a connection that is lost
// with a request under way says nothing.
const storeTimeout = 5 * time.Second

var goodBucket = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// NewStore returns the store.
func NewStore(c StoreConfig) (flow.Cells, error) {
	if !goodBucket.MatchString(c.Bucket) {
		return nil, fmt.Errorf("bucket %q is no name of a bucket: write letters, digits, - and _", c.Bucket)
	}
	l, err := newLink(c.access("checkpoint"))
	if err != nil {
		return nil, err
	}
	return &Store{bucket: c.Bucket, link: l}, nil
}

// Where names the server and the bucket.
func (s *Store) Where() string { return "nats " + s.link.Server + ", bucket " + s.bucket }

// A storeError is what does not go away by itself.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }
func (e *storeError) Fatal() bool   { return true }

// Open connects, and makes the bucket where it is not there.
func (s *Store) Open(ctx context.Context, pipeline string) error {
	s.pipeline = pipeline
	return s.connect(ctx)
}

// connect connects where nobody has yet, and finds the bucket, anew for each connection
// that the link makes.
func (s *Store) connect(ctx context.Context) error {
	if !s.link.isOpen() {
		if err := s.link.open(ctx); err != nil {
			return err
		}
	}
	if err := s.link.Err(); err != nil {
		return err
	}
	conn := s.link.present()
	if conn == s.on {
		return nil
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	reader, err := conn.JetStream()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	kv, err := js.KeyValue(ctx, s.bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: s.bucket, Description: "checkpoints of flowc programs", Storage: jetstream.FileStorage})
		if errors.Is(err, jetstream.ErrBucketExists) { // another program was faster
			kv, err = js.KeyValue(ctx, s.bucket)
		}
	}
	if err == nil {
		err = s.lasts(ctx, kv)
	}
	if err != nil {
		return s.failed(ctx, err)
	}
	s.on, s.kv, s.reader = conn, kv, reader
	return nil
}

// lasts refuses a bucket that would lose a checkpoint.
func (s *Store) lasts(ctx context.Context, kv jetstream.KeyValue) error {
	status, err := kv.Status(ctx)
	if err != nil {
		return err
	}
	if age := status.TTL(); age > 0 {
		return &storeError{fmt.Errorf("the bucket %s forgets values after %v: a checkpoint must last, so give it no TTL, or name another `bucket`", s.bucket, age)}
	}
	if b, ok := status.(*jetstream.KeyValueBucketStatus); ok && b.StreamInfo().Config.Storage == jetstream.MemoryStorage {
		return &storeError{fmt.Errorf("the bucket %s is in the server's memory: a checkpoint must last, so make it with file storage, or name another `bucket`", s.bucket)}
	}
	return nil
}

// failed makes an error of the library's one that the engine understands.
func (s *Store) failed(ctx context.Context, err error) error {
	var fatal *storeError
	switch {
	case err == nil || errors.As(err, &fatal):
		return err
	case ctx.Err() == nil && errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return &storeError{fmt.Errorf("%s: a bucket needs JetStream, and the server has none for this user: %w", s.link.Server, err)}
	case isAway(err):
		return s.link.Gone(err)
	}
	return &storeError{fmt.Errorf("%s: %w", s.link.Server, err)}
}

func (s *Store) key(cell string) string { return s.pipeline + "." + cell }

// Get reads a cell, from the leader of the bucket's stream: a replica may lag behind.
func (s *Store) Get(ctx context.Context, cell string) (value []byte, version uint64, err error) {
	if err := s.connect(ctx); err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	m, err := s.reader.GetLastMsg("KV_"+s.bucket, "$KV."+s.bucket+"."+s.key(cell), nats.Context(ctx))
	switch {
	case errors.Is(err, nats.ErrMsgNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, s.failed(ctx, err)
	}
	if m.Header.Get("KV-Operation") != "" { // somebody has deleted it
		return nil, m.Sequence, nil
	}
	return m.Data, m.Sequence, nil
}

// Put replaces a cell.
func (s *Store) Put(ctx context.Context, cell string, value []byte, previous uint64) (version uint64, err error) {
	if err := s.connect(ctx); err != nil {
		return 0, err
	}
	if most := s.on.MaxPayload(); most > 0 && int64(len(value)) > most {
		return 0, &storeError{fmt.Errorf("%s: the %s has %d bytes, and the server takes messages of up to %d: raise its max_payload, or keep checkpoints in another store", s.link.Server, cell, len(value), most)}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	version, err = s.kv.Update(ctx, s.key(cell), value, previous)
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
		return 0, flow.ErrFenced
	}
	return version, s.failed(ctx, err)
}

// Close ends the connection.
func (s *Store) Close(context.Context) error {
	if s.on != nil {
		_ = s.on.FlushTimeout(time.Second)
	}
	s.link.close()
	s.on = nil
	return nil
}

package nats

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// answerTimeout is how long the server may take to answer that it has a message.
const answerTimeout = 10 * time.Second

// A Sink publishes to a stream. What the server has answered is written: it asks
// for nothing more.
type Sink struct {
	link   *link
	config SinkConfig
	text   bool // of lines, with their ends

	on     *nats.Conn // what it publishes with
	js     jetstream.JetStream
	closed <-chan nats.Status // tells when it is closed for good

	subject, id int // in Out.Keys; -1 for those that are not there

	// Without ids of the records' own each message gets one of this run: its nonce
	// and a number. Those of a write that the engine repeats as it was, because the
	// server was away, are the same again.
	nonce    string
	next     uint64
	repeated bool

	futures []jetstream.PubAckFuture
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	at := func(key string) int { return slices.Index(out.Keys, key) }
	s := &Sink{config: c, text: out.Format == "ndjson" || out.Format == "text", subject: at("subject"), id: at("meta.id")}
	if s.subject < 0 {
		if err := goodSubject(c.Subject); err != nil {
			return nil, err
		}
	}
	var err error
	s.link, err = newLink(c.access(out.Node))
	return s, err
}

// goodSubject tells what is wrong with a subject to publish to.
func goodSubject(subject string) error {
	switch {
	case subject == "":
		return errors.New("the subject is empty")
	case strings.ContainsAny(subject, "*> \t\r\n"):
		return fmt.Errorf("the subject %q has a wildcard or a space in it: messages are published to one subject", subject)
	case strings.HasPrefix(subject, ".") || strings.HasSuffix(subject, ".") || strings.Contains(subject, ".."):
		return fmt.Errorf("the subject %q has an empty part", subject)
	}
	return nil
}

// A recordError is a record that can't be published at all.
type recordError struct {
	code string
	err  error
}

func (e *recordError) Error() string   { return e.err.Error() }
func (e *recordError) Unwrap() error   { return e.err }
func (e *recordError) Code() string    { return e.code }
func (e *recordError) Permanent() bool { return true }

// A refusedError is an answer that may be another one later.
type refusedError struct{ err error }

func (e *refusedError) Error() string   { return e.err.Error() }
func (e *refusedError) Unwrap() error   { return e.err }
func (e *refusedError) Code() string    { return "nats" }
func (e *refusedError) Temporary() bool { return true }

// Messages says that each record is a message.
func (s *Sink) Messages() {}

// Open connects.
func (s *Sink) Open(ctx context.Context) error {
	if s.nonce == "" {
		var random [9]byte
		if _, err := rand.Read(random[:]); err != nil {
			return err
		}
		s.nonce = hex.EncodeToString(random[:])
	}
	if err := s.link.open(ctx); err != nil {
		return err
	}
	return s.use(s.link.present())
}

// use publishes with a connection from here on.
func (s *Sink) use(conn *nats.Conn) error {
	if conn == s.on {
		return nil
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncTimeout(answerTimeout), jetstream.WithPublishAsyncMaxPending(1<<20))
	if err != nil {
		return err
	}
	s.on, s.js, s.closed = conn, js, conn.StatusChanged(nats.CLOSED)
	return nil
}

// Write publishes the records and waits until the stream has them.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	var gone *messages.GoneError
	_, _, err := s.link.Ready(ctx)
	if err == nil {
		err = s.use(s.link.present())
	}
	if err != nil {
		s.repeated = s.repeated && errors.As(err, &gone)
		return err
	}
	if !s.repeated {
		s.next += uint64(o.Count)
	}
	err = s.publish(ctx, o, s.next-uint64(o.Count))
	s.repeated = errors.As(err, &gone)
	return err
}

// publish sends the records with ids from a number on.
func (s *Sink) publish(ctx context.Context, o *flow.Out, first uint64) error {
	s.futures = s.futures[:0]
	failed := map[int]error{}
	begin := uint32(0)
	for i := range o.Count {
		data := o.Data[begin:o.Ends[i]]
		begin = o.Ends[i]
		var future jetstream.PubAckFuture
		m, err := s.message(o, i, data, first+uint64(i))
		if err == nil {
			future, err = s.send(m)
		}
		if err != nil {
			failed[i] = err
		}
		s.futures = append(s.futures, future)
	}
	away, why := 0, error(nil)
	for i, f := range s.futures {
		if f == nil {
			if isAway(failed[i]) {
				away, why = away+1, failed[i]
			}
			continue
		}
		select {
		case <-f.Ok():
		case err := <-f.Err():
			failed[i] = s.answered(f.Msg().Subject, err)
			if isAway(err) && !errors.Is(err, jetstream.ErrNoStreamResponse) {
				away, why = away+1, err
			}
		case <-s.closed: // and no answer comes any more
			return s.link.Gone(lastError(s.on))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case away > 0:
		// All of it again: what is there already the server knows by its id.
		return s.link.Gone(why)
	}
	return &flow.PartialError{Failed: failed}
}

// message makes the message of a record; it owns its bytes, which the client
// keeps until they are sent.
func (s *Sink) message(o *flow.Out, i int, data []byte, number uint64) (*nats.Msg, error) {
	if s.text {
		data = bytes.TrimSuffix(data, []byte{'\n'})
	}
	m := &nats.Msg{Subject: s.config.Subject, Data: data, Header: nats.Header{}}
	if s.subject >= 0 {
		m.Subject = o.Keys[s.subject][i]
		if err := goodSubject(m.Subject); err != nil {
			return nil, &recordError{"subject", err}
		}
	}
	if most := s.on.MaxPayload(); int64(len(data)) > most {
		return nil, &recordError{"too-large", fmt.Errorf("the message has %d bytes, and the server takes up to %d", len(data), most)}
	}
	for name, value := range s.config.Headers {
		m.Header.Set(name, value)
	}
	if s.config.Stream != "" {
		m.Header.Set(jetstream.ExpectedStreamHeader, s.config.Stream)
	}
	id := ""
	if s.id >= 0 {
		id = o.Keys[s.id][i]
	}
	if id == "" {
		id = s.nonce + "-" + strconv.FormatUint(number, 10)
	}
	m.Header.Set(jetstream.MsgIDHeader, id)
	return m, nil
}

// send hands a message to the client.
func (s *Sink) send(m *nats.Msg) (jetstream.PubAckFuture, error) {
	f, err := s.js.PublishMsgAsync(m)
	switch {
	case err == nil:
		return f, nil
	case isAway(err):
		return nil, err
	case s.on.IsClosed(): // which the error does not always say
		return nil, nats.ErrConnectionClosed
	}
	return nil, &recordError{"nats", err}
}

// answered is the error of a message that the server did not take.
func (s *Sink) answered(subject string, err error) error {
	if errors.Is(err, jetstream.ErrNoStreamResponse) {
		return &refusedError{fmt.Errorf("no stream takes the subject %s: make one (`nats stream add`), or correct `subject`", subject)}
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && api.Code >= 400 && api.Code < 500 && api.Code != 408 && api.Code != 429 {
		return &recordError{"nats", err}
	}
	return &refusedError{err}
}

// Healthy tells whether the server is there, also while nothing is written.
func (s *Sink) Healthy(context.Context) error { return s.link.Err() }

// Sync does nothing: an answer said that the messages are stored.
func (s *Sink) Sync(context.Context) error { return nil }

// Close ends the connection.
func (s *Sink) Close(context.Context, bool) error {
	s.link.close()
	return nil
}

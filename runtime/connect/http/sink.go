package http

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A Sink sends records in requests. What was answered with success is written:
// it asks for nothing more.
type Sink struct {
	config SinkConfig
	output connect.Output
	client *http.Client
	login  *fresh.Made[SinkConfig, sinkLogin]
	known  atomic.Bool // the server has let the program in
	body   bodies

	// Where the per-record values stand in Out.Keys; -1 for those that are not
	// there.
	url, method, path, contentType, idempotency, id int

	literal string // of the URL, before the first value
	open    bool   // the record names the server, or a part of its name
	results *results
}

// A sinkLogin is who the program is, by the present config, and where it sends.
type sinkLogin struct {
	access
	url    string
	scheme *scheme // of signatures; nil for none
}

// present makes that of a config.
func (s *Sink) present(c *SinkConfig) (sinkLogin, error) {
	l := sinkLogin{access: access{c.Token, c.User, c.Password, c.Headers, c.Fresh != nil}, url: c.URL}
	if s.url < 0 {
		if _, err := parseAgain(c.URL, s.config.URL); err != nil {
			return l, err
		}
	}
	if err := l.check(); err != nil {
		return l, err
	}
	if c.Sign.Secret == "" {
		if s.config.Sign.Secret != "" {
			return l, errors.New("sign.secret is empty")
		}
		return l, nil
	}
	var err error
	if l.scheme, err = c.Sign.scheme(); err != nil {
		return l, err
	}
	if l.scheme.has("id") && s.id < 0 {
		return l, errors.New("sign has an {id}, by which a receiver knows a record that comes again: say what it is, `meta: {id: in.ID}`")
	}
	return l, nil
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	at := func(key string) int { return slices.Index(out.Keys, key) }
	s := &Sink{
		config: c, output: out, body: bodies{format: out.Format, single: c.Single, zip: c.Compression == "gzip"},
		url: at("url"), method: at("meta.method"), path: at("meta.path"), contentType: at("meta.content_type"), idempotency: at("meta.idempotency_key"), id: at("meta.id"),
		literal: out.Literals["url"],
	}
	_, host, _ := strings.Cut(s.literal, "://")
	s.open = s.url >= 0 && ending(host) == len(host)
	if err := s.bulk(); err != nil {
		return nil, err
	}
	s.body.single = s.body.single || s.idempotency >= 0 || s.id >= 0 && c.Bulk.As == ""
	var err error
	if s.login, err = fresh.Make(fresh.Or(&c, c.Fresh), s.present); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		return nil, errors.New("timeout must be larger than 0")
	}
	if s.client, err = newClient(c.Timeout, c.TLS); err != nil {
		return nil, err
	}
	return s, nil
}

// Open does nothing: a server that is not there shows at the first record, and
// is waited for.
func (s *Sink) Open(context.Context) error { return nil }

// Write sends the records: those that go to the same place in one request.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	if o.Count == 0 {
		return nil
	}
	if s.together(o, 0) == o.Count {
		return s.send(ctx, o, 0, o.Count)
	}
	var failed map[int]error
	for from := 0; from < o.Count; {
		to := s.together(o, from)
		if err := s.send(ctx, o, from, to); err != nil {
			if failed == nil {
				failed = map[int]error{}
			}
			again := flow.MayBeRetried(err)
			var partial *flow.PartialError
			if errors.As(err, &partial) {
				again = false
				for i, err := range partial.Failed {
					failed[i] = err
					again = again || flow.MayBeRetried(err)
				}
			} else {
				for i := from; i < to; i++ {
					failed[i] = err
				}
			}
			if again { // those behind it keep their place
				for ; to < o.Count; to++ {
					failed[to] = flow.ErrNotTried
				}
			}
		}
		from = to
	}
	if failed != nil {
		return &flow.PartialError{Failed: failed}
	}
	return nil
}

// together is the end of the run of records, from the one at from, that one
// request can hold.
func (s *Sink) together(o *flow.Out, from int) (to int) {
	if s.body.single {
		return from + 1
	}
	to = from + 1
	for to < o.Count {
		for _, k := range [...]int{s.url, s.method, s.path, s.contentType} { // what a request has once
			if k >= 0 && o.Keys[k][to] != o.Keys[k][from] {
				return to
			}
		}
		to++
	}
	return to
}

// shorterAnswers is the parameter by which Elasticsearch leaves out parts of an
// answer.
const shorterAnswers = "filter_path"

// send sends records [from, to) of a packet in one request.
func (s *Sink) send(ctx context.Context, o *flow.Out, from, to int) error {
	value := func(key int, otherwise string) string {
		if key < 0 || o.Keys[key][from] == "" && key != s.url {
			return otherwise
		}
		return o.Keys[key][from]
	}
	login := s.login.Get()
	u, err := parseURL(value(s.url, login.url), s.literal)
	if err == nil && s.path >= 0 {
		err = addPath(u, o.Keys[s.path][from])
	}
	if err != nil {
		return &recordError{err: err}
	}
	if s.body.action != "" && !u.Query().Has(shorterAnswers) { // most of what it would answer nobody reads
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+shorterAnswers+"=errors,items.*.status,items.*.error", "&")
	}
	body, err := s.body.of(o, from, to)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, value(s.method, s.config.Method), u.String(), bytes.NewReader(body))
	if err != nil {
		return &recordError{err: err}
	}
	s.headers(q, login.access)
	err = cmp.Or(set(q.Header, "Content-Type", value(s.contentType, "")), set(q.Header, "Idempotency-Key", value(s.idempotency, "")))
	if err != nil {
		return err
	}
	if login.scheme != nil {
		if err := login.scheme.sign(q, value(s.id, ""), body); err != nil {
			return err
		}
	}
	resp, err := s.client.Do(q)
	if err != nil {
		return unanswered(ctx, err, s.open)
	}
	defer resp.Body.Close()
	// What it says matters only in errors; read to its end the connection can be
	// used again.
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	if resp.StatusCode/100 != 2 {
		err := login.answered(resp, head)
		if resp.StatusCode == http.StatusUnauthorized && login.follows && s.url < 0 && s.known.Load() {
			return &goneError{err: err}
		}
		return err
	}
	s.known.Store(true)
	if s.results == nil {
		return nil
	}
	return s.results.read(head, io.LimitReader(resp.Body, longestResults+1), from, to-from)
}

// headers sets what the config says, over what the format says.
func (s *Sink) headers(q *http.Request, a access) {
	q.Header.Set("Content-Type", s.body.contentType())
	q.Header.Set("User-Agent", "flowc")
	if s.body.zip {
		q.Header.Set("Content-Encoding", "gzip")
	}
	a.put(q)
}

// Sync does nothing: an answer said that the records are safe.
func (s *Sink) Sync(context.Context) error { return nil }

// Close closes idle connections.
func (s *Sink) Close(context.Context, bool) error {
	s.client.CloseIdleConnections()
	return nil
}

// errURL is a URL that nothing can be sent to.
func errURL(text, why string) error { return fmt.Errorf("url %q %s", withoutUser(text), why) }

// withoutUser takes what may be a password out of a URL: what stands before an @.
func withoutUser(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at < 0 {
		return text
	}
	return scheme + "://…" + rest[at:]
}

package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/blocks"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A pollingLogin is who the program is, and where it asks, by the present config.
type pollingLogin struct {
	access access
	base   *url.URL // that of the config
}

// present makes that of a config.
func (c SourceConfig) present(now *SourceConfig) (pollingLogin, error) {
	l := pollingLogin{access: access{now.Token, now.User, now.Password, now.Headers, now.Fresh != nil}}
	var err error
	if l.base, err = parseAgain(now.URL, c.URL); err != nil {
		return l, err
	}
	l.base.Fragment = ""
	return l, l.access.check()
}

// A polling asks a server for records, page by page, once or every so often. A
// round is all that there is at a time: the pages from the first to the one behind
// which nothing comes.
type polling struct {
	config SourceConfig
	input  connect.Input
	client *http.Client
	login  *fresh.Made[SourceConfig, pollingLogin]
	pollingLogin
	places places

	count *numbering // of pages; nil where answers say what is next
	at    position
	page  page // its buffers are used again
	wait  bool // until every has passed: the round is over
	ended bool
	// away tells that the last request got no answer: the engine is to learn that
	// the server is back.
	away    bool
	known   bool // the server has let the program in
	resumed bool // at is from a checkpoint, and nothing was asked since
	empty   int  // pages without records, one behind the other in a round
}

// mostEmpty is how many pages without records may name a next one: some servers
// filter, and one that goes on for ever would be asked for ever.
const mostEmpty = 1000

// places are where in answers and records things stand.
type places struct{ records, next, cursor place }

// A position says what to ask for next. It stays what it is: moving makes another.
type position struct {
	// A mark is where the round began: what lies behind it is asked for.
	mark
	// Token or Page is the next page of the round.
	Token string `json:"token,omitempty"`
	Page  string `json:"page,omitempty"`
	// Newest is where the next round is to begin, as far as this one has shown.
	Newest *mark `json:"newest,omitempty"`
	// ETag, Modified and Digest tell the answer that was the whole of the last
	// round.
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Digest   string `json:"digest,omitempty"`
	// Number is how many pages, or records, come before the one that is counted by;
	// Read is how many records of that page were read.
	Number int64 `json:"number,omitempty"`
	Read   int   `json:"read,omitempty"`
	// Done tells that a source that ends is at its end.
	Done bool `json:"done,omitempty"`
}

// A mark is the value that the cursor has in a record, and what tells the records
// that were read with that value. Some servers give those again.
type mark struct {
	Cursor string   `json:"cursor,omitempty"`
	Seen   []string `json:"seen,omitempty"`
}

// isFirst tells that a round begins.
func (p *position) isFirst() bool { return p.Token == "" && p.Page == "" }

// theNext is the word of cursor for APIs whose last page names the next one.
const theNext = "next"

// newPolling returns the source that the config asks for: what it can promise
// depends on whether it can go on behind a record.
func newPolling(c SourceConfig, in connect.Input) (flow.Source, error) {
	p := &polling{config: c, input: in}
	if err := p.configure(); err != nil {
		return nil, err
	}
	switch {
	case p.count != nil:
		return &PageSource{p}, nil
	case c.Cursor != "":
		return &CursorSource{p}, nil
	case c.Every > 0:
		return &LatestSource{p}, nil
	}
	return &OnceSource{p}, nil
}

func (p *polling) configure() error {
	c, err := &p.config, error(nil)
	if p.login, err = fresh.Make(fresh.Or(c, c.Fresh), c.present); err != nil {
		return err
	}
	p.pollingLogin = p.login.Get()
	if c.Next != "link" {
		p.places.next, err = parsePlace(c.Next)
	}
	for _, of := range []struct {
		key, text string
		to        *place
	}{{"records", c.Records, &p.places.records}, {"cursor_field", c.CursorField, &p.places.cursor}} {
		at, perr := parsePlace(of.text)
		err = errors.Join(err, perr)
		*of.to = at
	}
	json := p.input.Format == "ndjson" || p.input.Format == "json"
	switch {
	case err != nil:
		return err
	case c.MaxBody <= 0 || c.Timeout <= 0 || c.Every < 0:
		return errors.New("max_body and timeout must be larger than 0, and every not less")
	case !json && (c.Records != "" || c.Next != "" && c.Next != "link" || c.CursorField != ""):
		return fmt.Errorf("records, next and cursor_field are places in JSON, and the format is %s", p.input.Format)
	case c.Cursor != "" && c.CursorField == "" && c.Cursor != theNext:
		return errors.New("cursor needs cursor_field: where in a record its value stands")
	case c.Cursor == "" && c.CursorField != "":
		return errors.New("cursor_field needs cursor: the query parameter that takes its value")
	case p.goesOnByNext() && c.Next == "":
		return errors.New("cursor: next needs next: where an answer says what its next page is")
	case c.NextParam != "" && c.Next == "":
		return errors.New("next_param needs next: where an answer says what its next page is")
	}
	if p.count, err = newNumbering(c, p.base, json); err != nil {
		return err
	}
	if p.client, err = newClient(c.Timeout, c.TLS.client()); err != nil {
		return err
	}
	p.client.CheckRedirect = p.redirected
	p.page.content.input = p.input
	return nil
}

// goesOnByNext tells that the next page of the last answer is where to go on.
func (p *polling) goesOnByNext() bool {
	return p.config.Cursor == theNext && p.config.CursorField == ""
}

// server is where the records come from, as it may be shown.
func (p *polling) server() string { return p.base.Scheme + "://" + p.base.Host + p.base.EscapedPath() }

// Open asks nothing yet: a server that is not there shows at the first Read, and is
// waited for.
func (p *polling) Open(context.Context) error {
	args := []any{"node", p.input.Node, "url", p.server()}
	if p.config.Every > 0 {
		args = append(args, "every", p.config.Every)
	}
	slog.Info("asking for records", args...)
	return nil
}

// read gives the records of the next page that has some.
func (p *polling) read(ctx context.Context, b *flow.Batch) error {
	for {
		if p.ended || p.at.Done {
			return io.EOF
		}
		if p.wait {
			if err := sleep(ctx, p.config.Every); err != nil {
				return err
			}
			p.wait = false
		}
		p.pollingLogin = p.login.Get()
		ask := p.ask
		if p.count != nil {
			ask = p.askByNumber
		}
		err := ask(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var gone *goneError
			p.away = errors.As(err, &gone)
			return err
		}
		was := p.away
		p.away, p.resumed, p.known = false, false, true
		if p.page.count > 0 {
			p.page.fill(b)
			b.Base, b.Offset = -1, -1 // a page is no place that anybody could look at
			b.Aux = p.page.answer
			return nil
		}
		if was {
			return nil // it is back, and has nothing new
		}
	}
}

// sleep waits; the error is the context's.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seek goes on where an earlier run was.
func (p *polling) seek(positions map[string]json.RawMessage) error {
	text, ok := positions[""]
	if !ok {
		return nil
	}
	var at position
	if err := json.Unmarshal(text, &at); err != nil {
		return fmt.Errorf("the position of an earlier run is none of a source that asks for records: %s", text)
	}
	if at.Done && p.config.Every > 0 { // it was to end, and is not any more
		at.Done = false
	}
	p.at, p.resumed = at, true
	return nil
}

// closeAll lets go of the connections.
func (p *polling) closeAll() error {
	p.client.CloseIdleConnections()
	return nil
}

// A CursorSource asks for what is behind the last record: what it has read it can
// ask for again.
//
//flowc:source with cursor
type CursorSource struct{ p *polling }

// Open gets ready; the server is asked by Read.
func (s *CursorSource) Open(ctx context.Context) error { return s.p.Open(ctx) }

// Read gives the records of the next page.
func (s *CursorSource) Read(ctx context.Context, b *flow.Batch) error {
	err := s.p.read(ctx, b)
	if err == nil && len(b.Data) > 0 {
		at := s.p.at
		b.Position = &at
	}
	return err
}

// Seek goes on where an earlier run was.
func (s *CursorSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	return s.p.seek(positions)
}

// Endless tells that it asks again and again.
func (s *CursorSource) Endless() bool { return s.p.config.Every > 0 }

// Again gives the loop what it needs beside the record of a letter.
func (s *CursorSource) Again(b *flow.Batch, l *flow.Letter) error { return s.p.again(b, l) }

// Close lets go of the connections.
func (s *CursorSource) Close(context.Context) error { return s.p.closeAll() }

// A LatestSource asks again and again for all that is there, and gives it where it
// has changed. Its position tells what it was: after a crash an answer that is
// written is not read again. One that was read and not written may no longer be
// what the server answers.
//
//flowc:source with every
type LatestSource struct{ p *polling }

// Open gets ready; the server is asked by Read.
func (s *LatestSource) Open(ctx context.Context) error { return s.p.Open(ctx) }

// Read gives the records of the next page.
func (s *LatestSource) Read(ctx context.Context, b *flow.Batch) error {
	err := s.p.read(ctx, b)
	if err == nil && len(b.Data) > 0 {
		at := position{ETag: s.p.at.ETag, Modified: s.p.at.Modified, Digest: s.p.at.Digest}
		b.Position = &at
	}
	return err
}

// Seek knows what was read before.
func (s *LatestSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	return s.p.seek(positions)
}

// Fleeting says that what was read may not be there any more.
func (s *LatestSource) Fleeting() {}

// Endless says that it asks again and again.
func (s *LatestSource) Endless() bool { return true }

// Again gives the loop what it needs beside the record of a letter.
func (s *LatestSource) Again(b *flow.Batch, l *flow.Letter) error { return s.p.again(b, l) }

// Close lets go of the connections.
func (s *LatestSource) Close(context.Context) error { return s.p.closeAll() }

// A OnceSource asks for all that is there, once. A run that dies begins anew.
//
//flowc:source with url
type OnceSource struct{ p *polling }

// Open gets ready; the server is asked by Read.
func (s *OnceSource) Open(ctx context.Context) error { return s.p.Open(ctx) }

// Read gives the records of the next page.
func (s *OnceSource) Read(ctx context.Context, b *flow.Batch) error { return s.p.read(ctx, b) }

// Ack says that all of it comes again where it was not safe.
func (s *OnceSource) Ack(context.Context, map[string]any) error { return nil }

// Again gives the loop what it needs beside the record of a letter.
func (s *OnceSource) Again(b *flow.Batch, l *flow.Letter) error { return s.p.again(b, l) }

// Close lets go of the connections.
func (s *OnceSource) Close(context.Context) error { return s.p.closeAll() }

// again gives the loop what it needs beside the record of a letter. `meta` of the
// answer is gone.
func (p *polling) again(b *flow.Batch, l *flow.Letter) error {
	return blocks.AgainFramed(b, p.input.Format, p.input.Header, l)
}

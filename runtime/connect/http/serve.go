package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// comeAgain is the Retry-After of 503, in seconds.
const comeAgain = "1"

// ServeHTTP handles one request: it reads the body, gives it to the engine, and
// answers with what became of it.
func (s *Source) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	byLines, no := s.screen(w, q)
	if no != nil {
		s.refuse(w, no)
		return
	}
	if s.waiting.Add(1) > int64(s.config.MaxRequests) {
		s.waiting.Add(-1)
		s.refuse(w, errBusy)
		return
	}
	r := s.obtain()
	again := s.handle(w, q, r, byLines)
	if again {
		s.giveBack(r)
	} else {
		// Its buffers are somebody else's, who reads them soon and ends them then.
		s.bytes.Add(-r.reserved)
	}
	s.waiting.Add(-1)
}

// screen looks at what stands before the body. byLines tells that the sender
// says that the body is lines.
func (s *Source) screen(w http.ResponseWriter, q *http.Request) (byLines bool, no *refusal) {
	switch {
	case q.URL.Path != s.config.Path:
		return false, refused(http.StatusNotFound, "there is nothing here: records go to %s", s.config.Path)
	case q.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return false, refused(http.StatusMethodNotAllowed, "records come by POST")
	case !s.guard.Get().knows(q.Header.Get("Authorization")):
		w.Header().Set("WWW-Authenticate", "Bearer")
		return false, refused(http.StatusUnauthorized, "the header Authorization must show the token: Bearer …")
	case s.draining.Load():
		return false, errStopping
	}
	var contentType string
	if types := q.Header["Content-Type"]; len(types) > 0 {
		contentType = types[0]
	}
	if contentType == "application/json" && s.input.Format == "ndjson" || contentType == "" {
		return false, nil
	}
	byLines, charset, ok := s.takes(contentType)
	switch {
	case charset != "":
		return false, refused(http.StatusUnsupportedMediaType, "the charset %q is not UTF-8", charset)
	case !ok:
		hint := ""
		if contentType == "application/x-www-form-urlencoded" { // what curl says by itself
			hint = " (with curl: -H 'Content-Type: " + contentTypes[s.input.Format][0] + "')"
		}
		types := strings.Join(contentTypes[s.input.Format], ", ")
		no := refused(http.StatusUnsupportedMediaType, "the content type %q is none of %s%s", contentType, types, hint)
		no.header, no.value = "Accept", types
		return false, no
	}
	return byLines, nil
}

var errStopping = refused(http.StatusServiceUnavailable, "the program is stopping")

var (
	lineTypes = []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines"}
	jsonTypes = append([]string{"application/json", "text/json"}, lineTypes...)
	// contentTypes are those that each format comes in.
	contentTypes = map[string][]string{
		"ndjson": jsonTypes, "json": jsonTypes,
		"csv":  {"text/csv", "application/csv", "text/plain"},
		"text": {"text/plain", "text/csv", "text/markdown", "application/x-ndjson", "application/json"},
	}
)

// takes tells whether a content type is one of the format's, and whether it says
// that the body is lines; charset is the one that it names where that can't be
// read.
func (s *Source) takes(contentType string) (byLines bool, charset string, ok bool) {
	if s.input.Format == "bytes" {
		return false, "", true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false, "", false
	}
	isJSON := s.input.Format == "ndjson" || s.input.Format == "json"
	ok = slices.Contains(contentTypes[s.input.Format], media) || isJSON && strings.HasSuffix(media, "+json") ||
		s.input.Format == "text" && strings.HasPrefix(media, "text/")
	switch c := params["charset"]; strings.ToLower(c) {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		charset = c
	}
	return slices.Contains(lineTypes, media), charset, ok
}

// handle is ServeHTTP once the request is let in; it returns whether r may be
// used again.
func (s *Source) handle(w http.ResponseWriter, q *http.Request, r *request, byLines bool) (again bool) {
	err := s.readSigned(r, q)
	if err == nil && s.isEmpty(r.body) {
		err = refused(http.StatusBadRequest, "the body is empty")
	}
	if err == nil {
		err = r.takeApart(byLines)
	}
	var no *refusal
	var bad *bodyError
	switch {
	case errors.As(err, &no):
		s.refuse(w, no)
		return true
	case errors.As(err, &bad):
		write(w, http.StatusBadRequest, answer{Error: bad.Error(), Code: "invalid", Offset: &bad.offset, Line: lineAt(r.body, bad.offset)})
		return true
	case r.count == 0: // an empty array, a table without rows
		accept(w, 0)
		return true
	}
	if s.keys != nil {
		e, accepted, err := s.keys.begin(q, r.records, r.count)
		switch {
		case errors.As(err, &no):
			s.refuse(w, no)
			return true
		case e == nil:
			accept(w, accepted)
			return true
		}
		r.entry = e
	}
	r.http = q
	keepQuiet(q)
	select {
	case s.requests <- r:
	default: // some that were given up have not been taken out yet
		s.notTaken(r)
		s.refuse(w, errBusy)
		return true
	}
	if s.draining.Load() {
		s.sendAway() // nobody may be reading any more
	}
	over := s.patience.over()
	select {
	case err := <-r.done:
		s.answer(w, r, err)
		return true
	case <-over:
		// The request is not used again: somebody else still has it.
		if r.giveUp() {
			s.notTaken(r)
			s.refuse(w, refused(http.StatusServiceUnavailable, "the sinks took too long; nothing was taken"))
		} else {
			s.refuse(w, refused(http.StatusServiceUnavailable, "the sinks took too long; the records may be written all the same"))
		}
		return false
	}
}

// notTaken forgets the key of a request that the engine has not got.
func (s *Source) notTaken(r *request) {
	if r.entry != nil {
		s.keys.settle(r.entry, errBusy)
	}
}

// readSigned reads the body, and refuses one that is not signed as it should be.
func (s *Source) readSigned(r *request, q *http.Request) error {
	scheme := s.guard.Get().scheme
	if scheme == nil {
		return r.read(q)
	}
	v, err := scheme.begin(q)
	if err != nil {
		return err
	}
	q.Body = v.watch(q.Body)
	if err := r.read(q); err != nil {
		return err
	}
	return v.end()
}

// isEmpty tells whether nothing stands in a body, but perhaps the mark that some
// programs begin text with.
func (s *Source) isEmpty(body []byte) bool {
	switch s.input.Format {
	case "bytes":
		return len(body) == 0
	case "text":
		return len(body) == frame.BOM(body)
	}
	return frame.IsBlank(body[frame.BOM(body):])
}

// An answer is the body of an error.
type answer struct {
	Error string `json:"error"`
	Code  string `json:"code,omitempty"`
	// Node is where the record failed.
	Node string `json:"node,omitempty"`
	// Line counts the lines of the body from 1, Offset its bytes from 0.
	Line   int64  `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
}

// answer tells what became of a request.
func (s *Source) answer(w http.ResponseWriter, r *request, err error) {
	if err == nil {
		accept(w, r.count)
		return
	}
	var bad *flow.RecordError
	if !errors.As(err, &bad) || bad.Class == flow.Transient || bad.Class == flow.Fatal && bad.Then != flow.Reject || errors.Is(err, context.Canceled) {
		// The reason is the program's own, and nothing of the sender's business.
		s.refuse(w, refused(http.StatusServiceUnavailable, "the records could not be written"))
		return
	}
	a := answer{Error: bad.Err.Error(), Code: bad.Code, Node: bad.Node}
	if bad.Class == flow.Poison { // what a panic says may be anything
		a.Error = "the program failed on the record"
	}
	status := http.StatusUnprocessableEntity
	decoding := bad.Node == s.input.Node
	if decoding {
		status = http.StatusBadRequest
	}
	if bad.Offset >= 0 {
		offset := bad.Offset
		var at *jsonscan.Error
		if decoding && errors.As(bad.Err, &at) {
			offset += int64(at.Offset)
		}
		offset = r.place(offset)
		a.Offset, a.Line = &offset, lineAt(r.body, offset)
	}
	write(w, status, a)
}

// lineAt is the line, from 1, of a byte of the body.
func lineAt(body []byte, offset int64) int64 {
	return 1 + int64(bytes.Count(body[:min(offset, int64(len(body)))], newline))
}

var (
	jsonType = []string{"application/json"}
	one      = []byte(`{"accepted": 1}` + "\n")
)

// accept is the answer to a request whose records are safe.
func accept(w http.ResponseWriter, count int) {
	w.Header()["Content-Type"] = jsonType
	body := one
	if count != 1 {
		body = append(strconv.AppendInt([]byte(`{"accepted": `), int64(count), 10), "}\n"...)
	}
	_, _ = w.Write(body) // a client that left gets nothing
}

// refuse is the answer to a request of which nothing was taken.
func (s *Source) refuse(w http.ResponseWriter, no *refusal) {
	if no.status == http.StatusServiceUnavailable || no == errRepeated {
		w.Header().Set("Retry-After", comeAgain)
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
	}
	if no.header != "" {
		w.Header().Set(no.header, no.value)
	}
	write(w, no.status, answer{Error: no.text})
}

// write answers with an error.
func write(w http.ResponseWriter, status int, a answer) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(a) // a client that left gets nothing
}

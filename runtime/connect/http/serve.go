package http

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// comeAgain is the Retry-After of 503, in seconds.
const comeAgain = "1"

// An answer is the body of an error.
type answer struct {
	Error string `json:"error"`
	Code  string `json:"code,omitempty"`
	Node  string `json:"node,omitempty"`
	// Record counts the records of the request from 1, Line those of the body,
	// Offset its bytes from 0.
	Record int64  `json:"record,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
}

// serve handles one request.
func (s *Source) serve(w http.ResponseWriter, q *http.Request) {
	switch {
	case q.URL.Path != s.config.Path:
		refuse(w, http.StatusNotFound, answer{Error: "there is nothing here: records go to " + s.config.Path})
		return
	case q.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, answer{Error: "records come by POST"})
		return
	case s.draining.Load():
		s.later(w, "the program is stopping")
		return
	case !s.takes(q.Header.Get("Content-Type")):
		refuse(w, http.StatusUnsupportedMediaType, answer{Error: "the content type is none of " + s.types()})
		return
	}
	r := s.take()
	if status, err := r.read(w, q); err != nil {
		s.give(r)
		refuse(w, status, answer{Error: err.Error()})
		return
	}
	if err := r.cut(); err != nil {
		a := placed(err, r.body, int64(r.from))
		s.give(r)
		refuse(w, http.StatusBadRequest, a)
		return
	}
	if r.count == 0 {
		s.give(r)
		refuse(w, http.StatusBadRequest, answer{Error: "the body holds no record"})
		return
	}
	s.send(w, q, r)
}

// send gives the request to the pipeline and answers with what became of it.
func (s *Source) send(w http.ResponseWriter, q *http.Request, r *request) {
	r.http = q
	select {
	case s.requests <- r:
	default:
		s.give(r)
		s.later(w, "too many requests wait for their answer")
		return
	}
	timer := time.NewTimer(s.config.AnswerTimeout)
	defer timer.Stop()
	select {
	case err := <-r.done:
		s.answer(w, r, err)
		s.give(r)
	case <-timer.C:
		// The request is not used again: its records are still on their way.
		s.later(w, "the sinks took too long; the records may be written all the same")
	case <-s.closed:
		// Whoever was taken is still answered by the engine as it stops.
		select {
		case err := <-r.done:
			s.answer(w, r, err)
		case <-timer.C:
			s.later(w, "the program stopped")
		}
	}
}

// answer tells what became of a request.
func (s *Source) answer(w http.ResponseWriter, r *request, err error) {
	if err == nil {
		h := w.Header()
		h["Content-Type"] = jsonType
		b := strconv.AppendInt(append(make([]byte, 0, 32), `{"accepted": `...), int64(r.count), 10)
		w.Write(append(b, "}\n"...))
		return
	}
	var bad *flow.RecordError
	if !errors.As(err, &bad) || bad.Then != flow.Reject {
		s.later(w, err.Error())
		return
	}
	a := answer{Error: bad.Err.Error(), Code: bad.Code, Node: bad.Node}
	if bad.Number >= 0 {
		a.Record = bad.Number + 1
	}
	if bad.Offset >= 0 {
		offset := bad.Offset
		var at *jsonscan.Error
		if bad.Node == s.input.Node && errors.As(bad.Err, &at) {
			offset += int64(at.Offset)
		}
		a.Offset, a.Line = &offset, lineAt(r.body, offset)
	}
	status := http.StatusUnprocessableEntity
	if bad.Node == s.input.Node { // it could not be decoded
		status = http.StatusBadRequest
	}
	refuse(w, status, a)
}

var jsonType = []string{"application/json"}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, a answer) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(a) // a client that left gets nothing
}

// later asks the client to come again.
func (s *Source) later(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", comeAgain)
	refuse(w, http.StatusServiceUnavailable, answer{Error: why})
}

// placed gives an error of the framer its line and offset in the body.
func placed(err error, body []byte, from int64) answer {
	a := answer{Error: err.Error(), Code: "framing"}
	var at *frame.Error
	if errors.As(err, &at) {
		offset := from + int64(at.Offset)
		a.Error, a.Offset, a.Line = at.Msg, &offset, lineAt(body, offset)
	}
	return a
}

// lineAt is the line, from 1, of a byte of the body.
func lineAt(body []byte, offset int64) int64 {
	return 1 + int64(bytes.Count(body[:min(offset, int64(len(body)))], []byte{'\n'}))
}

// read reads the body; the status is that of the answer where it can't.
func (r *request) read(w http.ResponseWriter, q *http.Request) (status int, err error) {
	limit := r.source.config.MaxBody
	var from io.Reader = q.Body
	switch q.Header.Get("Content-Encoding") {
	case "", "identity":
		if q.ContentLength > limit {
			w.Header().Set("Connection", "close")
			return http.StatusRequestEntityTooLarge, errTooLarge(limit)
		}
	case "gzip":
		z, err := gzip.NewReader(http.MaxBytesReader(w, q.Body, limit))
		if err != nil {
			return http.StatusBadRequest, errors.New("the body is not gzip, as its Content-Encoding says: " + err.Error())
		}
		from = z
	default:
		return http.StatusUnsupportedMediaType, errors.New("the content encoding is none of gzip, identity")
	}
	r.body = r.body[:0]
	if n := q.ContentLength; n > int64(cap(r.body)) && n <= limit {
		r.body = make([]byte, 0, n+1) // one more, so that the end is seen without growing
	}
	for {
		if len(r.body) == cap(r.body) {
			r.body = append(r.body, 0)[:len(r.body)]
		}
		n, err := from.Read(r.body[len(r.body):cap(r.body)])
		r.body = r.body[:len(r.body)+n]
		if int64(len(r.body)) > limit {
			w.Header().Set("Connection", "close")
			return http.StatusRequestEntityTooLarge, errTooLarge(limit)
		}
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			var slow interface{ Timeout() bool }
			if errors.As(err, &slow) && slow.Timeout() {
				return http.StatusRequestTimeout, errors.New("the body did not come in time")
			}
			return http.StatusBadRequest, errors.New("the body can't be read: " + err.Error())
		}
	}
}

func errTooLarge(limit int64) error {
	return errors.New("the body is larger than max_body (" + strconv.FormatInt(limit, 10) + " bytes)")
}

// contentTypes are those that each format comes in.
var contentTypes = map[string][]string{
	"json": {"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "text/json"},
	"csv":  {"text/csv", "application/csv"},
	"text": {"text/plain"},
}

// takes tells whether a content type is one of the format's; none is taken as
// the right one.
func (s *Source) takes(contentType string) bool {
	if contentType == "" || contentType == "application/json" && s.input.Format == "json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	for _, t := range contentTypes[s.input.Format] {
		if media == t {
			return true
		}
	}
	// What curl sends with -d unless it is told otherwise.
	return media == "application/x-www-form-urlencoded" && s.input.Format == "json"
}

func (s *Source) types() string {
	list := ""
	for i, t := range contentTypes[s.input.Format] {
		if i > 0 {
			list += ", "
		}
		list += t
	}
	return list
}

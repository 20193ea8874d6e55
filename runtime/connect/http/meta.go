package http

import (
	"net/http"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a request.
type Meta struct {
	// Headers are the request's, by their canonical names (X-Request-Id); those
	// that came several times are joined with commas.
	Headers map[string]string `json:"headers"`
	// Remote is the client's address and port.
	Remote string `json:"remote"`
	// Path is the path that was asked for.
	Path string `json:"path"`
	// Query is what stood behind the question mark.
	Query string `json:"query"`

	of *http.Request
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, _ flow.Record) {
	q, _ := b.Aux.(*http.Request)
	if q == nil || q == m.of {
		return
	}
	m.of, m.Remote, m.Path, m.Query = q, q.RemoteAddr, q.URL.Path, q.URL.RawQuery
	// A map of its own: records that are kept keep it too.
	m.Headers = make(map[string]string, len(q.Header)+1)
	for name, values := range q.Header {
		m.Headers[name] = strings.Join(values, ", ")
	}
	m.Headers["Host"] = q.Host
}

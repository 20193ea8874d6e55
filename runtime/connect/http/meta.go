package http

import (
	"net/http"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a request, or from an answer.
type Meta struct {
	// Headers are those of the request, or of the answer, by their canonical names
	// (X-Request-Id); those that came several times are joined with commas.
	Headers map[string]string `json:"headers"`
	// Remote is the client's address and port; with `url` the server's host.
	Remote string `json:"remote"`
	// Path is the path that was asked for.
	Path string `json:"path"`
	// Query is what stood behind the question mark.
	Query string `json:"query"`

	of any
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, _ flow.Record) {
	if b.Aux == nil || b.Aux == m.of {
		return
	}
	var h http.Header
	host := ""
	switch from := b.Aux.(type) {
	case *http.Request:
		h, host = from.Header, from.Host
		m.Remote, m.Path, m.Query = from.RemoteAddr, from.URL.Path, from.URL.RawQuery
	case *http.Response:
		u := from.Request.URL
		h, m.Remote, m.Path, m.Query = from.Header, u.Host, u.Path, u.RawQuery
	default:
		return
	}
	m.of = b.Aux
	// A map of its own: records that are kept keep it too.
	m.Headers = make(map[string]string, len(h)+1)
	for name, values := range h {
		m.Headers[name] = strings.Join(values, ", ")
	}
	if host != "" {
		m.Headers["Host"] = host
	}
}

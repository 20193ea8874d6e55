// Package http takes records from HTTP requests, and sends records in them.
//
// The source answers a request after all of its records are safe: written by
// every sink, or refused with a place and a reason. No sender's bad record ever
// stops the program.
//
//	sources:
//	  events: {use: http, config: {listen: ":8080", path: /events}, out: Event}
//	sinks:
//	  hook: {from: events, use: http, config: {url: "https://api.example.com/v1/events", token: "${env:API_TOKEN}"}, batch: {count: 100}}
//
// The source answers:
//
//   - 200 `{"accepted": n}`: all records are safe
//   - 400: the body can't be decoded; 422: a record failed; both with code, node, line and offset in the body, and nothing of it was taken
//   - 401: the token is wrong; 404, 405: another path or method; 413: larger than max_body; 415: another content type or encoding; 408: it did not come in time
//   - 503 with Retry-After: the program is stopping, too much is waiting, or a sink can't be reached
//
// The sink takes 2xx for success. It sends again what met a timeout, 429, 408 or
// 5xx (as `on_error` says, and not before Retry-After), and waits for ever for a
// server that can't be reached; all other answers fail the records at once, and
// so does a name that does not exist where a record says it.
package http

import (
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// SinkMemory is what a request's body and the compressor hold.
const SinkMemory = 2 << 20

// SourceConfig is the config of the source.
type SourceConfig struct {
	// Listen is the address to listen on: 127.0.0.1:8080, or :8080 for all
	// interfaces.
	Listen string `json:"listen" flowc:"required" form:"address"`
	// Path is the path that takes records; others are not found.
	Path string `json:"path" default:"/" form:"rooted"`
	// Format is ndjson or json (both take an object, an array of them, and one a
	// line), csv, text (a record a line) or bytes (the body is the record).
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// Token is what a sender must show as `Authorization: Bearer`; empty lets in
	// all.
	Token string `json:"token" flowc:"secret"`
	// MaxBody is the largest request body, decompressed.
	MaxBody int64 `json:"max_body" flowc:"positive" type:"size" default:"16MiB"`
	// MaxRequests is how many requests wait for their answer at once; more are
	// asked to come again (503). Twice as many connections are kept open; beyond
	// that those go that have had no request for longest.
	MaxRequests int `json:"max_requests" flowc:"positive" default:"1024" holds:"40KiB"`
	// MaxWaiting is how many bytes of bodies wait for their answer at once; more
	// are asked to come again (503). A body of max_body finds room, alone.
	MaxWaiting int64 `json:"max_waiting" flowc:"positive" type:"size" default:"64MiB" holds:"1B"`
	// ReadTimeout is how long a client may take to send a request.
	ReadTimeout time.Duration `json:"read_timeout" flowc:"positive" default:"30s"`
	// AnswerTimeout is how long the sinks may take; then the client is asked to
	// come again (503), and the records may be there twice.
	AnswerTimeout time.Duration `json:"answer_timeout" flowc:"positive" default:"60s"`
	// IdleTimeout is how long a connection stays open between requests.
	IdleTimeout time.Duration `json:"idle_timeout" flowc:"positive" default:"2m"`
	// TLS makes it HTTPS.
	TLS ServerTLS `json:"tls"`
	// CSV says how the rows of a CSV body are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
}

// ServerTLS is the identity of a server.
type ServerTLS struct {
	// Cert is the file of the certificate chain (PEM); empty is plain HTTP.
	Cert string `json:"cert"`
	// Key is the file of its key (PEM).
	Key string `json:"key"`
	// ClientCA is the file of the authorities (PEM) whose clients alone are let
	// in; empty lets in all.
	ClientCA string `json:"client_ca"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// URL is where records go.
	URL string `json:"url" flowc:"required,per-record" form:"url"`
	// Method is the request's method.
	Method string `json:"method" default:"POST" values:"POST,PUT,PATCH"`
	// Format is ndjson (a record a line), json (an array) or text (a record a
	// line); where Single is set a request holds one record and nothing around
	// it.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,text" default:"ndjson"`
	// Single sends each record in a request of its own, as one JSON value where
	// the format is JSON.
	Single bool `json:"single"`
	// Headers are sent with each request.
	Headers map[string]string `json:"headers"`
	// Token is sent as `Authorization: Bearer`.
	Token string `json:"token" flowc:"secret"`
	// User is sent with Password as basic authentication.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret"`
	// Compression is none or gzip, of request bodies.
	Compression string `json:"compression" default:"none" values:"none,gzip"`
	// Timeout is how long a request may take, its answer included.
	Timeout time.Duration `json:"timeout" flowc:"positive" default:"30s"`
	// TLS says whom to trust, and who the program is.
	TLS ClientTLS `json:"tls"`
}

// ClientTLS is whom a client trusts, and who it is.
type ClientTLS struct {
	// CA is the file of the authorities (PEM) to trust; empty trusts those of the
	// system.
	CA string `json:"ca"`
	// Cert is the file of the client's certificate (PEM), where the server asks
	// for one.
	Cert string `json:"cert"`
	// Key is the file of its key (PEM).
	Key string `json:"key"`
	// Insecure trusts anybody: for tests alone.
	Insecure bool `json:"insecure"`
}

// SinkMeta is what `meta:` sets beside a record.
type SinkMeta struct {
	// Method is the request's method for this record.
	Method string `json:"method"`
	// Path is added to the URL's path, each of its elements escaped.
	Path string `json:"path"`
	// ContentType is the Content-Type of the request.
	ContentType string `json:"content_type"`
	// IdempotencyKey is sent as the header Idempotency-Key, so that the server
	// can tell a record that comes again; records with one are sent singly.
	IdempotencyKey string `json:"idempotency_key"`
}

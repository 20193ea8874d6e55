// Package http takes records from HTTP requests, asks servers for records, and
// sends records in requests.
//
// With `listen` the source answers a request after all of its records are safe:
// written by every sink, or refused with a place and a reason. No sender's bad
// record ever stops the program.
//
//	sources:
//	  events: {use: http, config: {listen: ":8080", path: /events}, out: Event}
//	sinks:
//	  hook: {from: events, use: http, config: {url: "https://api.example.com/v1/events", token: "${env:API_TOKEN}"}, batch: {count: 100}}
//
// It answers:
//
//   - 200 `{"accepted": n}`: all records are safe
//   - 400: the body can't be decoded; 422: a record failed; both with code, node, line and offset in the body, and nothing of it was taken
//   - 401: the token or the signature is wrong; 404, 405: another path or method; 413: larger than max_body; 415: another content type or encoding; 408: it did not come in time
//   - 503 with Retry-After: the program is stopping, too much is waiting, or a sink can't be reached
//
// `verify` takes only what is signed, as webhooks are: by GitHub, Stripe, Slack, by
// the rules of Standard Webhooks, or in a way that its keys describe. `sign` of the
// sink signs in the same ways, over the body and what `over` says beside it:
//
//	sources:
//	  pushes: {use: http, config: {listen: ":8081", verify: {as: github, secret: "${env:HOOK_SECRET}"}}, out: Event}
//	sinks:
//	  told: {from: pushes, use: http, config: {url: "https://hooks.example.com/in", sign: {as: standard, secret: "${env:THEIR_SECRET}"}}, meta: {id: in.ID}}
//	  own: {from: pushes, use: http, config: {url: "https://api.example.com/in", sign: {secret: "${env:API_SECRET}", header: X-Sign, value: "sha512={signature}", over: "{method} {path} {time} {body}", hash: sha512, time_header: X-Time}}}
//
// With `idempotency_key` a client may send a request again until it is answered. The
// header's value is remembered in the checkpoint, with what the sinks had written by
// then, and a request is answered when that is durable: after a crash there are its
// records and its key, or neither. So the same key within `idempotency_window`, and
// among the last `idempotency_keys`, is answered as the first time (200 and the number
// of records), also by the next run. While the first request is being worked on it is
// 409; with other records than the first time it is 422; a request that was refused
// has left no key. It needs no more from the sinks than that they keep what they write
// and the checkpoint as one (`file`, `sqlite`, `postgres`), or know a record that comes
// twice.
//
//	sources:
//	  orders: {use: http, config: {listen: ":8082", path: /orders, idempotency_key: Idempotency-Key}, out: Order}
//
// With `url` in place of `listen` the source asks for records by GET: once, or
// again and again with `every`. `records` says where they stand in an answer, and
// `next` where its next page is. `cursor` and `cursor_field` say how to ask for
// what is behind the last record, and then the position is in the checkpoint:
//
//	sources:
//	  charges:
//	    use: http
//	    config: {url: "https://api.example.com/v1/charges", token: "${env:API_KEY}", records: data, cursor: starting_after, cursor_field: id, every: 30s}
//	    out: Event
//	  issues:
//	    use: http
//	    config: {url: "https://api.example.com/issues?sort=updated&direction=asc", next: link, cursor: since, cursor_field: updated_at, every: 5m}
//	    out: Event
//	  messages:
//	    use: http
//	    config: {url: "https://api.example.com/history?channel=C1", records: messages, next: response_metadata.next_cursor, next_param: cursor, cursor: oldest, cursor_field: ts, newest: first, every: 1m}
//	    out: Event
//
// A server that gives the record at the cursor once more (`since` often does)
// is no problem: what was read with the cursor's value and comes again, byte for
// byte, counts as the same. More records with one value than a page holds are one,
// unless there is a `next`.
//
// An API that counts pages, or records, is asked by `page` or `offset`; how many
// records an answer has is what url says (`per_page`, `limit`):
//
//	sources:
//	  customers:
//	    use: http
//	    config: {url: "https://api.example.com/customers?per_page=100&sort=created", records: data, page: page, last: meta.last_page}
//	    out: Event
//	  tickets:
//	    use: http
//	    config: {url: "https://api.example.com/tickets?limit=200&order=asc", records: items, offset: offset, last: total, every: 1m}
//	    out: Event
//
// Pages are read to the first without records (or 404 behind another), or to the one
// that `last` or `more` calls the last. How far that was is in the checkpoint, and the
// next round, or run, goes on there: the last page may have more records by then, and
// those of it that were read are left out. A number says where a record stands and not
// which it is, so this is right for lists that grow at their end: ask for the oldest
// first. Where one is inserted further in front, it is not seen, and one that lies
// behind it moves on and is read for the second time: at least once, and no more than
// that is promised. Where one is removed, another that nobody has read may move to a
// place that was read, and is left out. Such a list needs a cursor, or `next`.
//
// Without a cursor all that is there is read, with `every` again when it has
// changed, as ETag, Last-Modified or the answer itself say. An answer that was read
// and not yet written when the program dies may be another one then.
//
// A server that can't be reached, that is slow, or that answers 429, 408 or 5xx is
// waited for, and not asked before its Retry-After; `/readyz` says so. All other
// answers stop the program, or are tried again as `on_error` says. Redirects are
// followed: to another server without token, password and headers, and never from
// https to http. A next page is on the server that `url` names.
//
// The sink takes 2xx for success. It sends again what met a timeout, 429, 408 or
// 5xx (as `on_error` says, and not before Retry-After), and waits for ever for a
// server that can't be reached; all other answers fail the records at once, and
// so does a name that does not exist where a record says it.
//
// A server that gets a record for the second time, because the program died before
// it knew of the answer, can know it by a key of the record's own: `meta:
// {idempotency_key: …}` sends one with each, `method: PUT` with `single` puts each to
// its own URL, and at a bulk endpoint a document has an id. Then the sink is
// effectively once, as far as the server keeps to that.
//
// Of an endpoint that takes many records and answers for each, `results` says where
// the outcome of each stands: what failed by 429 or 5xx is sent again, what the
// server refuses fails alone, and the rest is written. `bulk` knows that of
// Elasticsearch and OpenSearch, and writes the lines between the records:
//
//	sinks:
//	  search: {from: large, use: http, config: {url: "https://search.example.com/_bulk", bulk: {as: elasticsearch, index: orders}}, meta: {id: in.ID}, batch: {count: 500, linger: 1s}}
//	  table: {from: large, use: http, config: {url: "https://api.example.com/insertAll", format: json, results: {items: insertErrors, record: index, error: errors}}, batch: {count: 500}}
package http

import (
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// SinkMemory is what a request's body, the compressor and an answer about single
// records hold.
const SinkMemory = 6 << 20

// SourceConfig is the config of the source: with `listen` it takes requests, with
// `url` it asks for records.
type SourceConfig struct {
	// Listen is the address to listen on: 127.0.0.1:8080, or :8080 for all
	// interfaces.
	Listen string `json:"listen" form:"address" reach:"listens"`
	// URL is what is asked for by GET, in place of listening.
	URL string `json:"url" form:"url" reach:"connects"`
	// Path is the path that takes records; others are not found.
	Path string `json:"path" default:"/" form:"rooted" needs:"listen"`
	// Format is ndjson or json (both take an object, an array of them, and one a
	// line), csv, text (a record a line) or bytes (the body is the record).
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// Token is what a sender must show as `Authorization: Bearer` (empty lets in
	// all), or with `url` what is shown to the server.
	Token string `json:"token" flowc:"secret"`
	// Verify is how requests are signed; those whose signature is wrong, or is not
	// there, are refused (401).
	Verify Verify `json:"verify"`
	// MaxBody is the largest body, decompressed.
	MaxBody int64 `json:"max_body" flowc:"positive" type:"size" default:"16MiB"`
	// MaxRequests is how many requests wait for their answer at once; more are
	// asked to come again (503). Twice as many connections are kept open; beyond
	// that those go that have had no request for longest.
	MaxRequests int `json:"max_requests" flowc:"positive" default:"1024" holds:"40KiB" needs:"listen"`
	// MaxWaiting is how many bytes of bodies wait for their answer at once; more
	// are asked to come again (503). A body of max_body finds room, alone.
	MaxWaiting int64 `json:"max_waiting" flowc:"positive" type:"size" default:"64MiB" holds:"1B" needs:"listen"`
	// ReadTimeout is how long a client may take to send a request.
	ReadTimeout time.Duration `json:"read_timeout" flowc:"positive" default:"30s" needs:"listen"`
	// AnswerTimeout is how long the sinks may take; then the client is asked to
	// come again (503), and the records may be there twice.
	AnswerTimeout time.Duration `json:"answer_timeout" flowc:"positive" default:"60s" needs:"listen"`
	// IdempotencyKey is the header, such as Idempotency-Key, by which a request is
	// known that a client sends again: one that was accepted is answered as it was,
	// and not taken for the second time. Requests without it are refused (400).
	IdempotencyKey string `json:"idempotency_key" flowc:"fixed" needs:"listen"`
	// IdempotencyWindow is how long keys are remembered.
	IdempotencyWindow time.Duration `json:"idempotency_window" flowc:"positive" default:"24h" needs:"idempotency_key"`
	// IdempotencyKeys is how many keys are remembered; beyond that the oldest ones
	// are forgotten. All of them are written with each checkpoint.
	IdempotencyKeys int `json:"idempotency_keys" flowc:"positive" default:"10000" holds:"512B" needs:"idempotency_key"`
	// IdleTimeout is how long a connection stays open between requests.
	IdleTimeout time.Duration `json:"idle_timeout" flowc:"positive" default:"2m" needs:"listen"`
	// Every is how long it waits before it asks again when it has all there was;
	// without, the source ends then.
	Every time.Duration `json:"every" flowc:"positive,fixed" needs:"url"`
	// Records is where the records stand in a JSON answer: `data`, or
	// `result.items`; empty where the answer is nothing else.
	Records string `json:"records" flowc:"fixed" needs:"url"`
	// Next is where an answer says what its next page is: `link` for the header
	// Link (rel="next"), else the place of a URL or a token in a JSON answer, such
	// as response_metadata.next_cursor. Pages are read until there is none.
	Next string `json:"next" flowc:"fixed" needs:"url"`
	// NextParam is the query parameter that takes the token of the next page,
	// where it is no URL.
	NextParam string `json:"next_param" flowc:"fixed" needs:"next"`
	// Page is the query parameter that takes the number of a page. It counts up from
	// what url says of it, else from 1, to a page without records.
	Page string `json:"page" flowc:"fixed" needs:"url"`
	// Offset is the query parameter that takes how many records to leave out: what
	// url says of it, else 0, and then all that were read.
	Offset string `json:"offset" flowc:"fixed" needs:"url"`
	// Last is where a JSON answer tells the last page, so that none is asked for
	// behind it: true there, or its number (total_pages); with offset the number of
	// all records (total).
	Last string `json:"last" flowc:"fixed" needs:"url"`
	// More is where a JSON answer tells with false that it is the last page: has_more.
	More string `json:"more" flowc:"fixed" needs:"url"`
	// Cursor is the query parameter that asks for what is behind a record
	// (starting_after, since); or `next` (without cursor_field) where the next page
	// of the last answer is also what to ask for later.
	Cursor string `json:"cursor" flowc:"fixed" needs:"url"`
	// CursorField is where in a record that parameter's value stands: `id`, or
	// `meta.updated`. It grows from record to record.
	CursorField string `json:"cursor_field" flowc:"fixed" needs:"cursor"`
	// Newest is which record of an answer is the newest: the last, or the first
	// where they come newest first.
	Newest string `json:"newest" flowc:"fixed" values:"last,first" default:"last" needs:"cursor_field"`
	// Headers are sent with each request.
	Headers map[string]string `json:"headers" needs:"url"`
	// User is sent with Password as basic authentication.
	User string `json:"user" needs:"url"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"user"`
	// Timeout is how long a request may take, its answer included.
	Timeout time.Duration `json:"timeout" flowc:"positive" default:"30s" needs:"url"`
	// TLS makes a server HTTPS; with `url` it says whom to trust, and who the
	// program is.
	TLS SourceTLS `json:"tls"`
	// CSV says how the rows of a CSV body are written.
	CSV connect.CSV `json:"csv" flowc:"fixed"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SourceConfig `json:"-"`
}

// Verify is how a sender signs its requests.
type Verify struct {
	// Secret is the key of the signatures.
	Secret string `json:"secret" flowc:"secret" needs:"listen"`
	// Previous is the key before, which is good as well while senders change it.
	Previous string `json:"previous" flowc:"secret" needs:"verify.secret"`
	// As is whose signatures they are: github, stripe, slack or standard (Standard
	// Webhooks). The keys below say what differs from that, or all of it.
	As string `json:"as" values:"github,stripe,slack,standard" needs:"verify.secret"`
	// Header is the header with the signature; X-Signature where nothing says it.
	Header string `json:"header" needs:"verify.secret"`
	// Value is what stands in it, with {signature} and perhaps {time}:
	// `sha256={signature}`, or `t={time},v1={signature}`.
	Value string `json:"value" needs:"verify.secret"`
	// Over is what is signed: {body}, and {time}, {id}, {method}, {path} (with the
	// query) where they are; `{time}.{body}`.
	Over string `json:"over" needs:"verify.secret"`
	// Hash is that of the HMAC; sha256 where nothing says it.
	Hash string `json:"hash" values:"sha256,sha512,sha1" needs:"verify.secret"`
	// Encoding is how the signature is written; hex where nothing says it.
	Encoding string `json:"encoding" values:"hex,base64" needs:"verify.secret"`
	// TimeHeader is the header with {time}, in seconds since 1970, where it does not
	// stand in Value.
	TimeHeader string `json:"time_header" needs:"verify.secret"`
	// IDHeader is the header with {id}.
	IDHeader string `json:"id_header" needs:"verify.secret"`
	// Tolerance is how far {time} may be from now, so that a request can't be sent
	// again by others later.
	Tolerance time.Duration `json:"tolerance" flowc:"positive" default:"5m" needs:"verify.secret"`
}

// Bulk is the way of a bulk endpoint.
type Bulk struct {
	// As is whose endpoint it is like: elasticsearch (_bulk, OpenSearch too). It
	// says what Results must say.
	As string `json:"as" values:"elasticsearch"`
	// Action is what becomes of each record: index (in place of one with its id), or
	// create (one whose id is there already counts as written).
	Action string `json:"action" values:"index,create" default:"index" needs:"bulk.as"`
	// Index is where records go whose `meta` does not say it; empty where the URL
	// does.
	Index string `json:"index" needs:"bulk.as"`
}

// Results is where an answer tells what became of each record. Records that failed
// by 429, 408 or 5xx are sent again, those that failed otherwise fail alone.
type Results struct {
	// Items is where the list of results stands in the answer: `items`; empty (with
	// other keys given) where the answer is the list. There is one for each record,
	// in their order, unless Record says of which it is.
	Items string `json:"items"`
	// Status is where a status of HTTP stands in a result; * is any key:
	// `*.status`.
	Status string `json:"status"`
	// Error is where a result says what is wrong; a result with something there has
	// failed.
	Error string `json:"error"`
	// Record is where the record's number in the request, from 0, stands in a
	// result. Records without a result are written then.
	Record string `json:"record"`
}

// Sign is how the sink signs its requests.
type Sign struct {
	// Secret is the key of the signatures.
	Secret string `json:"secret" flowc:"secret"`
	// As is whose signatures they are like: github, stripe, slack or standard
	// (Standard Webhooks). The keys below say what differs from that, or all of it.
	As string `json:"as" values:"github,stripe,slack,standard" needs:"sign.secret"`
	// Header is the header with the signature; X-Signature where nothing says it.
	Header string `json:"header" needs:"sign.secret"`
	// Value is what stands in it, with {signature} and perhaps {time}:
	// `sha256={signature}`, or `t={time},v1={signature}`.
	Value string `json:"value" needs:"sign.secret"`
	// Over is what is signed: {body} as it is sent, and {time}, {id}, {method},
	// {path} (with the query); `{time}.{body}`.
	Over string `json:"over" needs:"sign.secret"`
	// Hash is that of the HMAC; sha256 where nothing says it.
	Hash string `json:"hash" values:"sha256,sha512,sha1" needs:"sign.secret"`
	// Encoding is how the signature is written; hex where nothing says it.
	Encoding string `json:"encoding" values:"hex,base64" needs:"sign.secret"`
	// TimeHeader is the header that {time}, when the request was made in seconds
	// since 1970, is sent in.
	TimeHeader string `json:"time_header" needs:"sign.secret"`
	// IDHeader is the header that {id} is sent in; `meta: {id: …}` says what it is.
	IDHeader string `json:"id_header" needs:"sign.secret"`
}

// SourceTLS is who the program is, as a server or as a client, and whom it
// trusts.
type SourceTLS struct {
	// Cert is the file of the certificate chain (PEM): the server's, without which
	// it is plain HTTP, or that of a client whose server asks for one. It is read
	// anew when it has changed.
	Cert string `json:"cert" reach:"reads"`
	// Key is the file of its key (PEM).
	Key string `json:"key" reach:"reads"`
	// ClientCA is the file of the authorities (PEM) whose clients alone are let
	// in; empty lets in all.
	ClientCA string `json:"client_ca" needs:"listen" reach:"reads"`
	// CA is the file of the authorities (PEM) to trust; empty trusts those of the
	// system.
	CA string `json:"ca" needs:"url" reach:"reads"`
	// Insecure trusts anybody: for tests alone.
	Insecure bool `json:"insecure" needs:"url"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// URL is where records go.
	URL string `json:"url" flowc:"required,per-record" form:"url" reach:"connects"`
	// Method is the request's method.
	Method string `json:"method" flowc:"fixed" default:"POST" values:"POST,PUT,PATCH"`
	// Format is ndjson (a record a line), json (an array) or text (a record a
	// line); where Single is set a request holds one record and nothing around
	// it.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,text" default:"ndjson"`
	// Single sends each record in a request of its own, as one JSON value where
	// the format is JSON.
	Single bool `json:"single" flowc:"fixed"`
	// Headers are sent with each request.
	Headers map[string]string `json:"headers"`
	// Token is sent as `Authorization: Bearer`.
	Token string `json:"token" flowc:"secret"`
	// User is sent with Password as basic authentication.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret"`
	// Sign is how requests are signed, so that their receiver knows that they are
	// whole and whose they are.
	Sign Sign `json:"sign"`
	// Compression is none or gzip, of request bodies.
	Compression string `json:"compression" default:"none" values:"none,gzip"`
	// Bulk is for endpoints that want a line about each record before it.
	Bulk Bulk `json:"bulk" flowc:"fixed"`
	// Results says where an answer of success tells what became of each record.
	Results Results `json:"results" flowc:"fixed"`
	// Timeout is how long a request may take, its answer included.
	Timeout time.Duration `json:"timeout" flowc:"positive" default:"30s"`
	// TLS says whom to trust, and who the program is.
	TLS connect.ClientTLS `json:"tls"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SinkConfig `json:"-"`
}

// SinkMeta is what `meta:` sets beside a record.
type SinkMeta struct {
	// Method is the request's method for this record.
	Method string `json:"method"`
	// Path is added to the URL's path, each of its elements escaped.
	Path string `json:"path"`
	// ContentType is the Content-Type of the request.
	ContentType string `json:"content_type"`
	// ID is the record's id: that of the document at a bulk endpoint, else the one
	// in signatures ({id}), and records with one are sent singly.
	ID string `json:"id"`
	// Index is the index of the document at a bulk endpoint.
	Index string `json:"index"`
	// IdempotencyKey is sent as the header Idempotency-Key, so that the server
	// can tell a record that comes again; records with one are sent singly.
	IdempotencyKey string `json:"idempotency_key"`
}

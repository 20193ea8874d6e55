package http

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // an HMAC of it is not broken, and some senders know no other
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A scheme is how requests are signed: an HMAC over the body and other parts of
// them, in a header.
type scheme struct {
	header, timeHeader, idHeader string
	// value is what stands in the header; over, what is signed.
	value, over template
	hash        func() hash.Hash
	encoding    string
	keys        [][]byte // the first one signs
	tolerance   time.Duration
	now         func() time.Time
}

// A signing is a scheme as configs say it.
type signing struct {
	as, header, value, over, hash, encoding, timeHeader, idHeader string
}

// signings are those that have a name.
var signings = map[string]signing{
	"":         {header: "X-Signature", value: "{signature}", over: "{body}", hash: "sha256", encoding: "hex"},
	"github":   {header: "X-Hub-Signature-256", value: "sha256={signature}", over: "{body}", hash: "sha256", encoding: "hex"},
	"stripe":   {header: "Stripe-Signature", value: "t={time},v1={signature}", over: "{time}.{body}", hash: "sha256", encoding: "hex"},
	"slack":    {header: "X-Slack-Signature", value: "v0={signature}", over: "v0:{time}:{body}", hash: "sha256", encoding: "hex", timeHeader: "X-Slack-Request-Timestamp"},
	"standard": {header: "Webhook-Signature", value: "v1,{signature}", over: "{id}.{time}.{body}", hash: "sha256", encoding: "base64", timeHeader: "Webhook-Timestamp", idHeader: "Webhook-Id"},
}

var hashes = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha1": sha1.New}

// base64Secret is what secrets of Standard Webhooks begin with.
const base64Secret = "whsec_"

func (c Verify) scheme() (*scheme, error) {
	s, err := signing{c.As, c.Header, c.Value, c.Over, c.Hash, c.Encoding, c.TimeHeader, c.IDHeader}.scheme("verify", c.Secret, c.Previous)
	if err == nil && c.Tolerance <= 0 {
		err = errors.New("verify.tolerance must be larger than 0")
	}
	if err != nil {
		return nil, err
	}
	s.tolerance = c.Tolerance
	return s, nil
}

func (c Sign) scheme() (*scheme, error) {
	return signing{c.As, c.Header, c.Value, c.Over, c.Hash, c.Encoding, c.TimeHeader, c.IDHeader}.scheme("sign", c.Secret)
}

// scheme makes one of what a config says, and of what it leaves out. key is the
// config's, for errors; empty secrets are none.
func (g signing) scheme(key string, secrets ...string) (*scheme, error) {
	preset, ok := signings[g.as]
	if !ok {
		return nil, fmt.Errorf("%s.as is none of github, stripe, slack, standard", key)
	}
	for _, of := range []struct {
		text      *string
		otherwise string
	}{
		{&g.header, preset.header},
		{&g.value, preset.value},
		{&g.over, preset.over},
		{&g.hash, preset.hash},
		{&g.encoding, preset.encoding},
		{&g.timeHeader, preset.timeHeader},
		{&g.idHeader, preset.idHeader},
	} {
		if *of.text == "" {
			*of.text = of.otherwise
		}
	}
	s := &scheme{header: g.header, timeHeader: g.timeHeader, idHeader: g.idHeader, hash: hashes[g.hash], encoding: g.encoding, now: time.Now}
	var err, err2 error
	s.value, err = parseTemplate(key+".value", g.value, "signature", "time")
	s.over, err2 = parseTemplate(key+".over", g.over, "body", "time", "id", "method", "path")
	switch {
	case err != nil || err2 != nil:
		return nil, errors.Join(err, err2)
	case s.hash == nil || s.encoding != "hex" && s.encoding != "base64":
		return nil, fmt.Errorf("%s.hash is sha256, sha512 or sha1, and encoding hex or base64", key)
	case !s.value.has("signature"):
		return nil, fmt.Errorf("%s.value lacks {signature}", key)
	case !s.over.has("body"):
		return nil, fmt.Errorf("%s.over lacks {body}: whoever sees a request could put another body under its signature", key)
	case s.has("time") && s.timeHeader == "" && !s.value.has("time"):
		return nil, fmt.Errorf("%s.over has {time}, so name the header that it is sent in: time_header", key)
	case s.has("id") && s.idHeader == "":
		return nil, fmt.Errorf("%s.over has {id}, so name the header that it is sent in: id_header", key)
	}
	for _, h := range []string{s.header, s.timeHeader, s.idHeader} {
		if h != "" {
			err = errors.Join(err, checkHeader(h, ""))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		k, err := keyOf(secret, g.as == "standard")
		if err != nil {
			return nil, fmt.Errorf("%s: the secret %w", key, err) // the secret itself stays unsaid
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// keyOf is the key that a secret is: the secret itself, but for Standard Webhooks,
// whose secrets are base64.
func keyOf(secret string, standard bool) ([]byte, error) {
	if checkHeader("Secret", secret) != nil {
		return nil, errors.New("has a control character in it, a line end perhaps")
	}
	if !standard {
		return []byte(secret), nil
	}
	k, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, base64Secret))
	if err != nil || len(k) == 0 {
		return nil, errors.New("is no base64, as those of Standard Webhooks are (whsec_…)")
	}
	return k, nil
}

// has tells whether a part of a request is signed.
func (s *scheme) has(part string) bool { return s.over.has(part) }

// sign sets the headers of a request.
func (s *scheme) sign(q *http.Request, id string, body []byte) error {
	now := strconv.FormatInt(s.now().Unix(), 10)
	if s.has("id") {
		if id == "" {
			return &recordError{err: errors.New("it has no id to be signed: meta.id is empty"), code: "header"}
		}
		if err := set(q.Header, s.idHeader, id); err != nil {
			return err
		}
	}
	if s.timeHeader != "" {
		q.Header.Set(s.timeHeader, now)
	}
	mac := hmac.New(s.hash, s.keys[0])
	for _, p := range s.over {
		if p.name == "body" {
			mac.Write(body)
			continue
		}
		io.WriteString(mac, p.of(q, now, id)) //nolint:errcheck // a hash takes everything
	}
	q.Header.Set(s.header, s.value.fill(map[string]string{"signature": s.encode(mac.Sum(nil)), "time": now}))
	return nil
}

func (s *scheme) encode(sum []byte) string {
	if s.encoding == "hex" {
		return hex.EncodeToString(sum)
	}
	return base64.StdEncoding.EncodeToString(sum)
}

func (s *scheme) decode(text string) []byte {
	var sum []byte
	var err error
	if s.encoding == "hex" {
		sum, err = hex.DecodeString(text)
	} else {
		sum, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil {
		return nil
	}
	return sum
}

// A verification is that of one request, as its body is read.
type verification struct {
	scheme     *scheme
	signatures [][]byte // any of them may be right
	macs       []hash.Hash
	behind     []string // parts to be signed behind the body
}

// begin looks at the headers. The error is a *refusal.
func (s *scheme) begin(q *http.Request) (*verification, error) {
	text := strings.Join(q.Header.Values(s.header), s.value.separator())
	if text == "" {
		return nil, refused(http.StatusUnauthorized, "the request is not signed: the header %s is missing", s.header)
	}
	v := &verification{scheme: s}
	signatures, when := s.value.match(text)
	for _, sig := range signatures {
		if sum := s.decode(sig); len(sum) > 0 {
			v.signatures = append(v.signatures, sum)
		}
	}
	if len(v.signatures) == 0 {
		return nil, refused(http.StatusUnauthorized, "the header %s holds no signature: it must be %s", s.header, s.value)
	}
	if s.timeHeader != "" {
		when = q.Header.Get(s.timeHeader)
	}
	if s.has("time") {
		seconds, err := strconv.ParseInt(when, 10, 64)
		if err != nil {
			return nil, refused(http.StatusUnauthorized, "the request does not say when it was signed, in seconds since 1970")
		}
		if away := s.now().Sub(time.Unix(seconds, 0)).Abs(); away > s.tolerance {
			return nil, refused(http.StatusUnauthorized, "the request was signed at another time than now: they may differ by %v", s.tolerance)
		}
	}
	id := ""
	if s.idHeader != "" {
		if id = q.Header.Get(s.idHeader); id == "" && s.has("id") {
			return nil, refused(http.StatusUnauthorized, "the header %s is missing", s.idHeader)
		}
	}
	for _, k := range s.keys {
		v.macs = append(v.macs, hmac.New(s.hash, k))
	}
	body := slices.IndexFunc(s.over, func(p piece) bool { return p.name == "body" })
	for i, p := range s.over {
		switch {
		case i < body:
			v.write(p.of(q, when, id))
		case i > body:
			v.behind = append(v.behind, p.of(q, when, id))
		}
	}
	return v, nil
}

func (v *verification) write(text string) {
	for _, m := range v.macs {
		io.WriteString(m, text) //nolint:errcheck // a hash takes everything
	}
}

// watch gives a body that is signed as it is read: as it is sent, compressed or
// not.
func (v *verification) watch(body io.ReadCloser) io.ReadCloser {
	to := make([]io.Writer, len(v.macs))
	for i, m := range v.macs {
		to[i] = m
	}
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, io.MultiWriter(to...)), body}
}

// end tells whether the signature was right: the body has been read. The error is a
// *refusal. It takes as long whatever is wrong.
func (v *verification) end() error {
	for _, text := range v.behind {
		v.write(text)
	}
	right := 0
	for _, m := range v.macs {
		sum := m.Sum(nil)
		for _, s := range v.signatures {
			if hmac.Equal(sum, s) {
				right++
			}
		}
	}
	if right == 0 {
		return refused(http.StatusUnauthorized, "the signature in the header %s is not that of the request", v.scheme.header)
	}
	return nil
}

// A template is text with parts of a request in it, as {time}.
type template []piece

// A piece is text, or a part of a request.
type piece struct{ text, name string }

// of is the piece as it stands in what is signed. It is not the body.
func (p piece) of(q *http.Request, when, id string) string {
	switch p.name {
	case "time":
		return when
	case "id":
		return id
	case "method":
		return q.Method
	case "path":
		return q.URL.RequestURI()
	}
	return p.text
}

func parseTemplate(key, text string, names ...string) (template, error) {
	var t template
	for rest := text; rest != ""; {
		before, after, ok := strings.Cut(rest, "{")
		if before != "" {
			t = append(t, piece{text: before})
		}
		if !ok {
			break
		}
		name, behind, ok := strings.Cut(after, "}")
		if !ok || !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s: {%s is none of {%s}", key, shorten([]byte(after)), strings.Join(names, "}, {"))
		}
		if t.has(name) {
			return nil, fmt.Errorf("%s has {%s} twice", key, name)
		}
		t = append(t, piece{name: name})
		rest = behind
	}
	return t, nil
}

func (t template) has(name string) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.name == name })
}

func (t template) String() string {
	var s strings.Builder
	for _, p := range t {
		if p.name != "" {
			s.WriteString("{" + p.name + "}")
		}
		s.WriteString(p.text)
	}
	return s.String()
}

func (t template) fill(values map[string]string) string {
	var s strings.Builder
	for _, p := range t {
		s.WriteString(p.text + values[p.name])
	}
	return s.String()
}

// separator stands between several signatures in a header: while a secret changes a
// sender may sign with both. Where a time stands beside them they are items of one
// list.
func (t template) separator() string {
	if t.has("time") {
		return ","
	}
	return " "
}

// match finds the signatures in a header's value, and the time where it stands
// there.
func (t template) match(text string) (signatures []string, when string) {
	forms := strings.Split(t.String(), t.separator())
	if !t.has("time") && len(forms) > 1 { // a space is a part of the form
		return matched(nil, text, t.String(), "{signature}"), ""
	}
	for _, item := range strings.Split(text, t.separator()) {
		item = strings.TrimSpace(item)
		for _, form := range forms {
			signatures = matched(signatures, item, strings.TrimSpace(form), "{signature}")
			if times := matched(nil, item, strings.TrimSpace(form), "{time}"); len(times) > 0 {
				when = times[0]
			}
		}
	}
	return signatures, when
}

// matched appends what stands in the place of a part of a form.
func matched(to []string, item, form, part string) []string {
	prefix, suffix, ok := strings.Cut(form, part)
	if !ok || len(item) < len(prefix)+len(suffix) || !strings.HasPrefix(item, prefix) || !strings.HasSuffix(item, suffix) {
		return to
	}
	return append(to, item[len(prefix):len(item)-len(suffix)])
}

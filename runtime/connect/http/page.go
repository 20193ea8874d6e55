package http

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec"
	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// A page is an answer with records.
type page struct {
	content
	whole  []byte // the answer, of which body is a part
	answer *http.Response

	newest mark // of its records
	read   int  // records that stand there, with those that were read before
}

// ask asks for the next page, takes its records into p.page, and moves p.at behind
// them.
func (p *polling) ask(ctx context.Context) error {
	p.page.clear()
	u := p.next()
	resp, err := p.get(ctx, u)
	var no *pageError
	if errors.As(err, &no) && no.stale && p.at.Newest != nil && p.config.Newest != "first" {
		// The server has forgotten the page. What is behind the last record is known
		// without it.
		p.at = position{mark: *p.at.Newest}
		u = p.next()
		resp, err = p.get(ctx, u)
	}
	switch {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusNotModified:
		p.over(p.at)
		return nil
	}
	if err = p.take(resp); err == nil {
		err = p.move(u, resp)
	}
	if err != nil {
		return p.unusable(resp, err)
	}
	return nil
}

// next is the URL of the next page.
func (p *polling) next() *url.URL {
	u := *p.base
	q := u.Query()
	changed := false
	if p.at.Page != "" {
		page, err := url.Parse(p.at.Page)
		if err != nil {
			page = &url.URL{Path: p.at.Page}
		}
		u.Path, u.RawPath, u.RawQuery = page.Path, page.RawPath, page.RawQuery
		own := q
		q = page.Query()
		for key, values := range own { // those that stripped has taken off
			if !q.Has(key) {
				q[key] = values
				changed = true
			}
		}
	} else if p.places.cursor != nil && p.at.Cursor != "" {
		q.Set(p.config.Cursor, p.at.Cursor)
		changed = true
	}
	if p.at.Token != "" {
		q.Set(p.config.NextParam, p.at.Token)
		changed = true
	}
	if changed { // else it stays as somebody wrote it
		u.RawQuery = q.Encode()
	}
	return &u
}

// accepts is what each format asks for.
var accepts = map[string]string{
	"ndjson": "application/json, application/x-ndjson, */*;q=0.5", "json": "application/json, application/x-ndjson, */*;q=0.5",
	"csv": "text/csv, */*;q=0.5", "text": "text/plain, */*;q=0.5", "bytes": "*/*",
}

// get asks for a page and reads the answer into p.page.whole.
func (p *polling) get(ctx context.Context, u *url.URL) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept", accepts[p.input.Format])
	q.Header.Set("User-Agent", "flowc")
	if p.at.isFirst() {
		setWhere(q.Header, "If-None-Match", p.at.ETag)
		setWhere(q.Header, "If-Modified-Since", p.at.Modified)
	}
	p.access.put(q)
	resp, err := p.client.Do(q)
	if err != nil {
		return nil, p.noAnswer(ctx, err)
	}
	defer resp.Body.Close()
	limit := p.config.MaxBody
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return resp, nil
	case resp.StatusCode/100 != 2:
		head, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10)) // it matters in messages alone
		return nil, p.refusedBy(resp, head)
	case resp.ContentLength > limit:
		return nil, &pageError{err: fmt.Errorf("the answer is larger than max_body (%d bytes)", limit)}
	}
	into := bytes.NewBuffer(p.page.whole[:0])
	_, err = into.ReadFrom(io.LimitReader(resp.Body, limit+1))
	p.page.whole = into.Bytes()
	switch {
	case err != nil:
		return nil, p.noAnswer(ctx, err)
	case int64(len(p.page.whole)) > limit:
		return nil, &pageError{err: fmt.Errorf("the answer is larger than max_body (%d bytes)", limit)}
	}
	return resp, nil
}

func setWhere(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// noAnswer makes an error of a request without an answer that is whole: a server
// that is slow is waited for like one that is away.
func (p *polling) noAnswer(ctx context.Context, err error) error {
	var no *redirectError
	if errors.As(err, &no) {
		return &pageError{err: no}
	}
	err = unanswered(ctx, err, false)
	var slow *slowError
	if errors.As(err, &slow) {
		return &goneError{err: slow.err}
	}
	return err
}

// refusedBy makes an error of an answer that is no success: what the server may do
// later is waited for.
func (p *polling) refusedBy(resp *http.Response, head []byte) error {
	err := p.access.answered(resp, head)
	var status *statusError
	switch {
	case !errors.As(err, &status):
		return err
	case !status.permanent:
		return &goneError{err: fmt.Errorf("%s: %w", p.server(), err), after: status.after}
	case resp.StatusCode == http.StatusUnauthorized && p.access.follows && p.known:
		return &goneError{err: fmt.Errorf("%s: %w", p.server(), err)}
	case resp.StatusCode == http.StatusForbidden && resp.Header.Get("Retry-After") != "": // too many requests, as some say it
		return &goneError{err: fmt.Errorf("%s: %w", p.server(), err), after: retryAfter(resp.Header.Get("Retry-After"))}
	case p.resumed && !p.at.isFirst():
		return &pageError{err: fmt.Errorf("%s: it may have forgotten the page at which the last run ended (`checkpoint rewind` goes back to the start): %w", p.server(), err), stale: true}
	}
	return &pageError{err: fmt.Errorf("%s: %w", p.server(), err), stale: !p.at.isFirst()}
}

// unusable is an answer that can't be used.
func (p *polling) unusable(resp *http.Response, err error) error {
	var at *jsonscan.Error
	var bad *bodyError
	offset := int64(-1)
	switch {
	case errors.As(err, &bad):
		offset = bad.offset
	case errors.As(err, &at):
		offset, err = int64(at.Offset), errors.New(at.Msg)
	}
	where := ""
	if offset >= 0 {
		where = fmt.Sprintf(" in line %d (byte %d)", lineAt(p.page.whole, offset), offset)
	}
	kind := resp.Header.Get("Content-Type")
	if kind == "" {
		kind = "no type"
	}
	return &pageError{err: fmt.Errorf("%s: the answer (%s) can't be used%s: %w", p.server(), kind, where, err)}
}

// take finds the records of the answer and what they say of the cursor.
func (p *polling) take(resp *http.Response) error {
	g := &p.page
	g.answer, g.body, g.newest, g.read = resp, g.whole, mark{}, 0
	if len(g.whole) == frame.BOM(g.whole) || frame.IsBlank(g.whole[frame.BOM(g.whole):]) && p.input.Format != "text" && p.input.Format != "bytes" {
		return nil
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if (p.input.Format == "ndjson" || p.input.Format == "json") && media == "text/html" {
		return fmt.Errorf("it is a page for people: %s", shorten(g.whole))
	}
	begin := 0
	if p.places.records != nil {
		if err := codec.Delimited(g.whole); err != nil {
			return err
		}
		at, ok, err := p.places.records.find(g.whole)
		switch {
		case err != nil:
			return err
		case !ok && p.places.records.isNull(g.whole):
			return nil
		case !ok:
			return fmt.Errorf("there is no `%s` in it: %s", p.places.records, shorten(g.whole))
		}
		begin, g.body = at.start, g.whole[at.start:at.end]
	}
	var err error
	switch {
	case p.places.cursor != nil:
		err = p.takeBehind()
	case p.count != nil && !p.count.byRecords:
		err = p.takeUnread()
	default:
		err = g.takeApart(p.places.records == nil && slices.Contains(lineTypes, media))
		g.read = g.count
	}
	var bad *bodyError
	if errors.As(err, &bad) {
		bad.offset += int64(begin)
	}
	return err
}

// shorten is the begin of an answer, for messages.
func shorten(body []byte) string {
	const longest = 200
	text := bytes.TrimSpace(body)
	if len(text) > longest {
		text = append(text[:longest:longest], "…"...)
	}
	return strings.ToValidUTF8(string(text), "�")
}

// mostSeen is how many records may have the same value of the cursor.
const mostSeen = 4096

// takeBehind is takeApart where records have a cursor: those that were read at the
// cursor are left out.
func (p *polling) takeBehind() error {
	g := &p.page
	g.skipMark()
	left := 0
	err := g.values(func(start, end int) error {
		record := g.records[start:end]
		value, err := p.cursorOf(record)
		if err != nil {
			return &bodyError{int64(start + g.from), err}
		}
		told := digest(record)
		if g.read++; g.read == 1 || p.config.Newest != "first" && value != g.newest.Cursor {
			g.newest = mark{Cursor: value}
		}
		if value == g.newest.Cursor {
			g.newest.add(told)
		}
		if value == p.at.Cursor && slices.Contains(p.at.Seen, told) {
			left++
			return nil
		}
		return g.line(start, end)
	})
	g.count -= left
	return err
}

// add notes a record with the mark's value.
func (m *mark) add(told string) {
	if len(m.Seen) < mostSeen && !slices.Contains(m.Seen, told) {
		m.Seen = append(m.Seen, told)
	}
}

// cursorOf is the value of the cursor in a record.
func (p *polling) cursorOf(record []byte) (string, error) {
	at, ok, err := p.places.cursor.find(record)
	if err != nil {
		return "", err
	}
	text := ""
	if ok {
		text, ok = word(record[at.start:at.end])
	}
	if !ok || text == "" {
		return "", fmt.Errorf("a record has no text or number in `%s`, by which the next ones are asked for: %s", p.places.cursor, shorten(record))
	}
	return text, nil
}

// digest tells a text from others.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// move moves the position behind the page.
func (p *polling) move(asked *url.URL, resp *http.Response) error {
	g := &p.page
	to := position{mark: p.at.mark, Newest: p.at.Newest}
	var err error
	if to.Token, to.Page, err = p.nextOf(resp); err != nil {
		return err
	}
	if goesOn := !to.isFirst(); !goesOn && p.goesOnByNext() {
		if p.config.Every > 0 {
			return errors.New("it names no next page, and with `cursor: next` that is where to go on later: name what to go on by in cursor and cursor_field, or leave out every")
		}
		p.over(to)
		return nil
	}
	if p.places.cursor != nil && g.read > 0 {
		to.Newest = p.newest()
	}
	switch {
	case p.goesOnByNext() && g.read == 0: // all that there is at present
		p.over(to)
		return nil
	case !to.isFirst() && (g.read > 0 || p.from(to).String() != asked.String()):
		if p.empty++; g.read > 0 {
			p.empty = 0
		}
		if p.empty > mostEmpty {
			return fmt.Errorf("it is the last of %d pages without records, and names one more", p.empty)
		}
		p.at = to
		return nil
	}
	// The round ends here; with an answer that leads to itself as well.
	to.Token, to.Page = "", ""
	moved := to.Newest != nil && to.Newest.Cursor != p.at.Cursor
	if to.Newest != nil {
		to.mark, to.Newest = *to.Newest, nil
	}
	if moved && p.config.Next == "" {
		p.at = to // a page may not be all that there is
		return nil
	}
	if p.at.isFirst() && !moved {
		p.same(&to, resp)
	}
	p.over(to)
	return nil
}

// same notes what tells the answer, where the next round asks the same again.
func (p *polling) same(to *position, resp *http.Response) {
	to.ETag, to.Modified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	if p.places.cursor == nil && p.config.Every > 0 {
		to.Digest = digest(p.page.whole)
		if to.Digest == p.at.Digest { // whatever its headers say
			p.page.count = 0
		}
	}
}

// newest is where the next round is to begin, as far as the records of this page
// and those before it say. Newest first, the first page says it.
func (p *polling) newest() *mark {
	if p.config.Newest == "first" && p.at.Newest != nil {
		return p.at.Newest
	}
	before := &p.at.mark
	if p.at.Newest != nil {
		before = p.at.Newest
	}
	m := &mark{Cursor: p.page.newest.Cursor, Seen: p.page.newest.Seen}
	if m.Cursor == before.Cursor {
		m.Seen = slices.Clone(before.Seen)
		for _, told := range p.page.newest.Seen {
			m.add(told)
		}
	}
	return m
}

// over ends a round.
func (p *polling) over(to position) {
	p.empty = 0
	p.at, p.wait = to, p.config.Every > 0
	if p.config.Every == 0 {
		p.ended, p.at.Done = true, p.goesOnByNext() && to.isFirst()
	}
}

// from is the URL to ask at a position.
func (p *polling) from(at position) *url.URL {
	other := polling{config: p.config, pollingLogin: p.pollingLogin, places: p.places, at: at}
	return other.next()
}

// nextOf finds what the answer says of the next page: a token, or a URL without
// what the config's own URL says.
func (p *polling) nextOf(resp *http.Response) (token, page string, err error) {
	text := ""
	switch {
	case p.config.Next == "":
		return "", "", nil
	case p.config.Next == "link":
		if text = linked(resp.Header.Values("Link")); text == "" {
			return "", "", nil
		}
	default:
		if len(p.page.whole) == 0 {
			return "", "", nil
		}
		at, ok, err := p.places.next.find(p.page.whole)
		if err != nil || !ok {
			return "", "", err
		}
		raw := p.page.whole[at.start:at.end]
		if string(raw) == "false" {
			return "", "", nil
		}
		if text, ok = word(raw); !ok {
			return "", "", fmt.Errorf("what stands in `%s` is no URL and no token: %s", p.places.next, shorten(raw))
		}
		if text == "" {
			return "", "", nil
		}
		if p.config.NextParam != "" && !isURL(text) {
			return text, "", nil
		}
	}
	to, err := resp.Request.URL.Parse(text)
	switch {
	case err != nil || p.config.Next != "link" && !isURL(text):
		return "", "", fmt.Errorf("what stands in `%s` is a token and no URL (%s): name the query parameter that takes it in next_param", p.config.Next, shorten([]byte(text)))
	case to.Scheme != p.base.Scheme || to.Host != p.base.Host:
		return "", "", fmt.Errorf("its next page is on another server than the pipeline names: %s://%s", to.Scheme, to.Host)
	}
	return "", p.stripped(to), nil
}

// isURL tells a URL from a token. One that is a path has a query or a dot in it
// rarely enough, so it begins with a slash or a question mark.
func isURL(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "?")
}

// stripped is the path and the query of a page, without the parameters that the
// config's URL has too: they may be secret, and a position is not.
func (p *polling) stripped(u *url.URL) string {
	own, q := p.base.Query(), u.Query()
	changed := false
	for key, values := range own {
		if slices.Equal(q[key], values) {
			q.Del(key)
			changed = true
		}
	}
	s := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	if changed {
		s.RawQuery = q.Encode()
	}
	if s.Path == "" {
		s.Path = "/"
	}
	return s.String()
}

// linked is the URL of a header Link with rel="next", "" for none.
func linked(headers []string) string {
	for _, h := range headers {
		for h != "" {
			_, rest, ok := strings.Cut(h, "<")
			if !ok {
				break
			}
			target, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			params, more := rest, ""
			if i := strings.Index(rest, ",<"); i >= 0 {
				params, more = rest[:i], rest[i:]
			} else if i := strings.Index(rest, ", <"); i >= 0 {
				params, more = rest[:i], rest[i:]
			}
			for _, param := range strings.Split(params, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
				value = strings.Trim(strings.TrimSpace(value), `"`)
				if strings.EqualFold(strings.TrimSpace(name), "rel") && slices.Contains(strings.Fields(strings.ToLower(value)), "next") {
					return target
				}
			}
			h = more
		}
	}
	return ""
}

// A redirectError is a redirect that is not followed.
type redirectError struct{ to *url.URL }

func (e *redirectError) Error() string {
	return fmt.Sprintf("it leads on to %s://%s, where what is read could be seen by others: name the place itself in `url`", e.to.Scheme, e.to.Host)
}

// redirected follows redirects, to other servers without what tells who asks.
func (p *polling) redirected(q *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 10:
		return errors.New("it was sent on ten times")
	case via[len(via)-1].URL.Scheme == "https" && q.URL.Scheme != "https":
		return &redirectError{q.URL}
	case q.URL.Host != p.base.Host || q.URL.Scheme != p.base.Scheme && p.base.Scheme == "https":
		p.access.takeOff(q)
	}
	return nil
}

// A pageError is an answer that the program can't go on with.
type pageError struct {
	err error
	// stale tells that the page that was asked for may be one that the server has
	// forgotten.
	stale bool
}

func (e *pageError) Error() string   { return e.err.Error() }
func (e *pageError) Unwrap() error   { return e.err }
func (e *pageError) Code() string    { return "http-answer" }
func (e *pageError) Permanent() bool { return true }
func (e *pageError) Temporary() bool { return false }

package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A numbering is how an API counts that has neither cursors nor links: its pages, or
// the records before one. The idea: such a list grows at its end, so a position is a
// page and how many records of it were read, or how many records in all. What grows
// is only ever the last page; a page that was read before another one followed it may
// have been that, so it is looked at once more before the next one counts.
type numbering struct {
	param string
	first int64
	// byRecords tells that records are counted, and not pages.
	byRecords  bool
	last, more place // nil where an answer does not say it
	// ahead tells that the page of the position was read in this round, so that the
	// next one is asked for; sure that it was full then, and checking that it is
	// looked at once more because another one has followed.
	ahead, sure, checking bool
	// size is how many records a full page has, as far as that is known, and told is
	// what the last answer was.
	size int
	told string
}

// newNumbering returns how the config counts; nil where it does not.
func newNumbering(c *SourceConfig, base *url.URL, isJSON bool) (*numbering, error) {
	n := &numbering{param: c.Page, first: 1}
	if c.Offset != "" {
		n.param, n.first, n.byRecords = c.Offset, 0, true
	}
	switch {
	case n.param == "" && c.Last+c.More != "":
		return nil, errors.New("last and more tell the last page where pages are counted: name the query parameter that does in page or offset")
	case n.param == "":
		return nil, nil
	case c.Page != "" && c.Offset != "":
		return nil, errors.New("page counts pages and offset counts records: give one of them")
	case c.Next+c.Cursor+c.CursorField != "":
		return nil, fmt.Errorf("%s counts, and next and cursor take from an answer what to ask for next: give one of them", n.key())
	case !isJSON && !n.byRecords:
		return nil, errors.New("page finds the records of an answer in JSON: take format ndjson or json, or count records with offset")
	case !isJSON && c.Last+c.More != "":
		return nil, errors.New("last and more are places in JSON, and the format is " + c.Format)
	}
	if text := base.Query().Get(n.param); text != "" {
		var err error
		if n.first, err = strconv.ParseInt(text, 10, 64); err != nil || n.first < 0 {
			return nil, fmt.Errorf("%s begins with what url says of `%s`, and %q is no number from 0 on", n.key(), n.param, text)
		}
	}
	var err, also error
	n.last, err = parsePlace(c.Last)
	n.more, also = parsePlace(c.More)
	return n, errors.Join(err, also)
}

// key is the key of the config that asks for it.
func (n *numbering) key() string {
	if n.byRecords {
		return "offset"
	}
	return "page"
}

// asks is the number of the page that is asked for, from 0, or how many records are
// before it.
func (n *numbering) asks(at *position) int64 {
	if n.ahead && !n.byRecords {
		return at.Number + 1
	}
	return at.Number
}

// rest ends a round: the next one begins with the page that was the last.
func (n *numbering) rest() { n.ahead, n.sure, n.checking, n.told = false, false, false, "" }

// askByNumber is ask where pages are counted.
func (p *polling) askByNumber(ctx context.Context) error {
	p.page.clear()
	u := *p.base
	q := u.Query()
	q.Set(p.count.param, strconv.FormatInt(p.count.first+p.count.asks(&p.at), 10))
	u.RawQuery = q.Encode()
	resp, err := p.get(ctx, &u)
	var status *statusError
	switch {
	case errors.As(err, &status) && status.code == http.StatusNotFound && p.count.asks(&p.at) > 0:
		// So some say that there are fewer pages.
		p.endByNumber()
		return nil
	case err != nil:
		return err
	}
	if err = p.take(resp); err == nil {
		err = p.moveByNumber()
	}
	if err != nil {
		return p.unusable(resp, err)
	}
	return nil
}

func (p *polling) endByNumber() {
	p.count.rest()
	p.over(p.at)
}

// takeUnread is takeApart without the records of the page that were read before.
func (p *polling) takeUnread() error {
	g, left := &p.page, 0
	if !p.count.ahead {
		left = p.at.Read
	}
	g.skipMark()
	err := g.values(func(start, end int) error {
		if g.read++; g.read <= left {
			return nil
		}
		return g.line(start, end)
	})
	g.count -= min(left, g.read)
	return err
}

// moveByNumber moves the position behind the page.
func (p *polling) moveByNumber() error {
	g, n := &p.page, p.count
	asked := n.asks(&p.at)
	if g.read == 0 {
		p.endByNumber()
		return nil
	}
	told := digest(g.whole)
	if told == n.told && (n.ahead || n.byRecords) {
		return fmt.Errorf("with `%s=%d` it is the same answer as before that: is `%s` what the server counts by?", n.param, n.first+asked, n.param)
	}
	last, goesOn, err := n.isLast(g.whole, asked, g.read)
	if err != nil {
		return err
	}
	switch {
	case n.byRecords:
		p.at = position{Number: asked + int64(g.read)}
	case n.ahead && !n.sure && (n.size == 0 || p.at.Read < n.size):
		// The page before may have grown since it was read.
		g.clear()
		n.ahead, n.checking, n.told = false, true, ""
		return nil
	default:
		if n.checking {
			n.size = max(n.size, g.read)
		}
		n.sure, n.checking, n.ahead = n.checking || goesOn, false, true
		p.at = position{Number: asked, Read: g.read}
	}
	n.told = told
	if last {
		p.endByNumber()
	}
	return nil
}

// isLast tells what an answer says: that it is the last, or that more follows. Both
// are false where it says nothing.
func (n *numbering) isLast(answer []byte, asked int64, read int) (last, more bool, err error) {
	for _, of := range []struct {
		at    place
		means bool // what true means: this is the last
	}{{n.last, true}, {n.more, false}} {
		if of.at == nil {
			continue
		}
		at, ok, err := of.at.find(answer)
		if err != nil {
			return false, false, err
		}
		if !ok {
			continue
		}
		raw := answer[at.start:at.end]
		is := string(raw) == "true"
		if !is && string(raw) != "false" {
			text, _ := word(raw)
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil || !of.means {
				return false, false, fmt.Errorf("what stands in `%s` does not tell whether it is the last page: %s", of.at, shorten(raw))
			}
			reached := n.first + asked
			if n.byRecords {
				reached = asked + n.first + int64(read)
			}
			is = reached >= number
		}
		last, more = last || is == of.means, more || is != of.means
	}
	return last, more && !last, nil
}

// A PageSource asks for pages by their number, or by how many records are before
// them. It goes on where it was, and what comes in before that place moves records to
// where they are read for the second time.
//
//flowc:source with page
//flowc:source with offset
type PageSource struct{ p *polling }

// Open gets ready; the server is asked by Read.
func (s *PageSource) Open(ctx context.Context) error { return s.p.Open(ctx) }

// Read gives the records of the next page.
func (s *PageSource) Read(ctx context.Context, b *flow.Batch) error {
	err := s.p.read(ctx, b)
	if err == nil && len(b.Data) > 0 {
		at := s.p.at
		b.Position = &at
	}
	return err
}

// Seek goes on where an earlier run was.
func (s *PageSource) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	return s.p.seek(positions)
}

// Shifts says that a position may be at another record when it is gone back to.
func (s *PageSource) Shifts() {}

// Endless tells that it asks again and again.
func (s *PageSource) Endless() bool { return s.p.config.Every > 0 }

// Again gives the loop what it needs beside the record of a letter.
func (s *PageSource) Again(b *flow.Batch, l *flow.Letter) error { return s.p.again(b, l) }

// Close lets go of the connections.
func (s *PageSource) Close(context.Context) error { return s.p.closeAll() }

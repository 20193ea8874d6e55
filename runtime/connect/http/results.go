package http

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/codec"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// longestResults is the longest answer about single records, in bytes.
const longestResults = SinkMemory - 2<<20

// results is where an answer tells what became of each record.
type results struct {
	items, status, failure, record place
	hasStatus, hasFailure          bool
	// present is a status that says that the record is there already; 0 for none.
	present int
}

// bulk takes what the config says of bulk endpoints and of results.
func (s *Sink) bulk() error {
	c, b, r := &s.config, &s.config.Bulk, s.config.Results
	at := func(key string) int { return slices.Index(s.output.Keys, key) }
	s.body.id, s.body.indexKey = s.id, at("meta.index")
	if b.As != "" {
		switch {
		case b.As != "elasticsearch" || b.Action != "index" && b.Action != "create":
			return errors.New("bulk.as is elasticsearch, and bulk.action index or create")
		case s.output.Format != "ndjson":
			return fmt.Errorf("a bulk endpoint takes a record a line, so the format is ndjson and not %s", s.output.Format)
		case c.Single:
			return errors.New("single sends each record by itself, and bulk sends many: choose one")
		case r != Results{}:
			return errors.New("bulk.as says what the results are: leave out results, or bulk")
		}
		s.body.action, s.body.index = b.Action, b.Index
		r = Results{Items: "items", Status: "*.status", Error: "*.error"}
	}
	if r == (Results{}) {
		return nil
	}
	s.results = &results{hasStatus: r.Status != "", hasFailure: r.Error != ""}
	if b.Action == "create" && b.As != "" {
		s.results.present = http.StatusConflict
	}
	var errs []error
	for _, of := range []struct {
		text string
		to   *place
	}{{r.Items, &s.results.items}, {r.Status, &s.results.status}, {r.Error, &s.results.failure}, {r.Record, &s.results.record}} {
		p, err := parsePlace(of.text)
		*of.to = p
		errs = append(errs, err)
	}
	if !s.results.hasStatus && !s.results.hasFailure {
		errs = append(errs, errors.New("results say nothing: give status or error, where a result tells that its record failed"))
	}
	return errors.Join(errs...)
}

// read reads an answer of success about count records, the first of which is number
// from of the packet. head is the begin of it.
func (r *results) read(head []byte, rest io.Reader, from, count int) error {
	more, err := io.ReadAll(rest)
	if err != nil {
		return &goneError{err: fmt.Errorf("the answer broke off, and what became of the records is not known: %w", err)}
	}
	body := append(head, more...)
	if len(body) > longestResults {
		return &pageError{err: fmt.Errorf("the answer is longer than %d MiB: send fewer records in a request (batch)", longestResults>>20)}
	}
	failed, err := r.outcomes(body, count)
	if err != nil {
		return &pageError{err: fmt.Errorf("the answer does not tell what became of the records: %w (%s)", err, shorten(body))}
	}
	if len(failed) == 0 {
		return nil
	}
	partial := &flow.PartialError{Failed: make(map[int]error, len(failed))}
	for i, err := range failed {
		partial.Failed[from+i] = err
	}
	return partial
}

// outcomes are the errors of those of count records that failed.
func (r *results) outcomes(body []byte, count int) (map[int]error, error) {
	if err := codec.Delimited(body); err != nil {
		return nil, err
	}
	at, ok, err := r.items.find(body)
	switch {
	case err != nil:
		return nil, err
	case !ok && r.record != nil: // nothing failed
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("there is no `%s`", r.items)
	}
	list := body[at.start:at.end]
	items, err := elements(list)
	if err != nil {
		return nil, err
	}
	if r.record == nil && len(items) != count {
		return nil, fmt.Errorf("it has %d results for %d records", len(items), count)
	}
	failed := map[int]error{}
	for i, item := range items {
		raw := list[item.start:item.end]
		if r.record != nil {
			if i, err = r.number(raw, count); err != nil {
				return nil, err
			}
		}
		bad, err := r.outcome(raw)
		if err != nil {
			return nil, err
		}
		if bad != nil {
			failed[i] = bad
		}
	}
	return failed, nil
}

// number is the number of the record that a result is of.
func (r *results) number(raw []byte, count int) (int, error) {
	at, ok, err := r.record.find(raw)
	if err != nil {
		return 0, err
	}
	text := ""
	if ok {
		text, _ = word(raw[at.start:at.end])
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= count {
		return 0, fmt.Errorf("a result has %q in `%s`, and there were %d records", text, r.record, count)
	}
	return n, nil
}

// outcome is what a result says; nil where the record is written.
func (r *results) outcome(raw []byte) (*itemError, error) {
	status := 0
	if r.hasStatus {
		at, ok, err := r.status.find(raw)
		if err != nil {
			return nil, err
		}
		text := ""
		if ok {
			text, _ = word(raw[at.start:at.end])
		}
		if status, err = strconv.Atoi(text); err != nil || status < 100 || status > 599 {
			return nil, fmt.Errorf("a result has no status in `%s`: %s", r.status, shorten(raw))
		}
		if status/100 == 2 || status == r.present {
			return nil, nil
		}
	}
	why := ""
	if r.hasFailure {
		at, ok, err := r.failure.find(raw)
		if err != nil {
			return nil, err
		}
		if ok {
			switch why = string(raw[at.start:at.end]); why {
			case `""`, "false", "[]", "{}":
				why = ""
			}
		}
	}
	switch {
	case status == 0 && why == "":
		return nil, nil
	case status == 0:
		return &itemError{what: "the server says of the record: " + shorten([]byte(why)), permanent: true}, nil
	}
	e := &itemError{what: fmt.Sprintf("the server answered %d %s for the record", status, http.StatusText(status)), permanent: !mayPass(status)}
	if why != "" {
		e.what += ": " + shorten([]byte(why))
	}
	return e, nil
}

// An itemError is a record that a bulk endpoint did not take.
type itemError struct {
	what      string
	permanent bool
}

// Error says what was answered for the record.
func (e *itemError) Error() string { return e.what }

// Code is the error's name in dead letters.
func (e *itemError) Code() string { return "http-status" }

// Temporary tells that it may go away by itself.
func (e *itemError) Temporary() bool { return !e.permanent }

// Permanent tells that trying again is of no use.
func (e *itemError) Permanent() bool { return e.permanent }

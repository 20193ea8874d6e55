package http

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A recordError is a record that can't be sent at all.
type recordError struct {
	err  error
	code string // "" for what is wrong with its URL
}

func (e *recordError) Error() string   { return e.err.Error() }
func (e *recordError) Unwrap() error   { return e.err }
func (e *recordError) Code() string    { return cmp.Or(e.code, "url") }
func (e *recordError) Permanent() bool { return true }

// A goneError is a server that could not be reached, or that went away before it
// answered: the engine tries again for ever, and says so once.
type goneError struct {
	err   error
	after time.Duration // that the server asks to wait
}

func (e *goneError) Error() string             { return e.err.Error() }
func (e *goneError) Unwrap() error             { return e.err }
func (e *goneError) Unavailable() bool         { return true }
func (e *goneError) RetryAfter() time.Duration { return e.after }

// A slowError is a server that did not answer in time.
type slowError struct{ err error }

func (e *slowError) Error() string   { return e.err.Error() }
func (e *slowError) Unwrap() error   { return e.err }
func (e *slowError) Temporary() bool { return true }
func (e *slowError) Timeout() bool   { return true }

// unanswered makes an error of a request without an answer. It names the server
// and not the whole URL, in which secrets may stand. Where the record names the
// server, one that does not exist is the record's fault, and not waited for.
func unanswered(ctx context.Context, err error, named bool) error {
	if ctx.Err() != nil { // the program stops
		return ctx.Err()
	}
	slow := false
	var u *url.Error
	if errors.As(err, &u) {
		slow = u.Timeout()
		server := "the server"
		if parsed, perr := url.Parse(u.URL); perr == nil {
			server = parsed.Scheme + "://" + parsed.Host
		}
		err = fmt.Errorf("%s: %w", server, u.Err)
	}
	var name *net.DNSError
	switch {
	case slow:
		return &slowError{err}
	case named && errors.As(err, &name) && name.IsNotFound:
		return &recordError{err: err}
	}
	return &goneError{err: err}
}

// A statusError is an answer that is no success.
type statusError struct {
	code      int
	what      string
	permanent bool
	after     time.Duration
}

// answered makes an error of an answer. What a client can't do anything about
// may go away by itself: too many requests, and all that is the server's fault.
func answered(resp *http.Response, head []byte) error {
	const longest = 200
	e := &statusError{code: resp.StatusCode, what: "the server answered " + resp.Status}
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		e.what += ", that it is at " + to
	}
	if text := bytes.TrimSpace(head); len(text) > 0 {
		if len(text) > longest {
			text = append(text[:longest:longest], "…"...)
		}
		e.what += ": " + strings.ToValidUTF8(string(text), "�")
	}
	if e.permanent = !mayPass(resp.StatusCode); !e.permanent {
		e.after = retryAfter(resp.Header.Get("Retry-After"))
	}
	return e
}

// mayPass tells whether what a status says may go away by itself.
func mayPass(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// retryAfter reads a Retry-After: seconds, or a date.
func retryAfter(text string) time.Duration {
	if s, err := strconv.Atoi(text); err == nil && s >= 0 && s < 1<<20 {
		return time.Duration(s) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}

// Error says what was answered.
func (e *statusError) Error() string { return e.what }

// Code is the error's name in dead letters.
func (e *statusError) Code() string { return "http-status" }

// Temporary tells that it may go away by itself.
func (e *statusError) Temporary() bool { return !e.permanent }

// Permanent tells that trying again is of no use.
func (e *statusError) Permanent() bool { return e.permanent }

// RetryAfter is how long the server asks to wait before the next try.
func (e *statusError) RetryAfter() time.Duration { return e.after }

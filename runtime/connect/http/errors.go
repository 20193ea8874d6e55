package http

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A goneError is a server that could not be reached: the engine tries again for
// ever, and says so once.
type goneError struct{ err error }

// Error names the address and the reason, without what may be secret in a URL.
func (e *goneError) Error() string {
	var u *url.Error
	if errors.As(e.err, &u) {
		target := u.URL
		if parsed, err := url.Parse(target); err == nil {
			target = parsed.Scheme + "://" + parsed.Host
		}
		return fmt.Sprintf("%s: %v", target, u.Err)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *goneError) Unwrap() error { return e.err }

// Unavailable tells the engine that the other side is gone.
func (e *goneError) Unavailable() bool { return true }

// A statusError is an answer that is no success.
type statusError struct {
	what      string
	permanent bool
	after     time.Duration
}

// refused makes an error of an answer. What a client can't do anything about
// may go away by itself: too many requests, and all that is the server's fault.
func refused(resp *http.Response, head []byte) error {
	const longest = 200
	e := &statusError{what: "the server answered " + resp.Status}
	if text := bytes.TrimSpace(head); len(text) > 0 {
		if len(text) > longest {
			text = append(text[:longest:longest], "…"...)
		}
		e.what += ": " + strings.ToValidUTF8(string(text), "�")
	}
	switch c := resp.StatusCode; {
	case c == http.StatusTooManyRequests, c == http.StatusRequestTimeout, c >= 500 && c != http.StatusNotImplemented:
		e.after = retryAfter(resp.Header.Get("Retry-After"))
	default:
		e.permanent = true
	}
	return e
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

// Timeout is false: the server answered.
func (e *statusError) Timeout() bool { return false }

// Permanent tells that trying again is of no use.
func (e *statusError) Permanent() bool { return e.permanent }

// RetryAfter is how long the server asks to wait.
func (e *statusError) RetryAfter() time.Duration { return e.after }

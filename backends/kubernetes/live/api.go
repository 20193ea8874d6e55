package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An api is the API of a cluster: requests and answers in JSON.
type api struct {
	base   string
	client *http.Client
	// answered tells that the cluster has answered before: then a connection that breaks
	// is worth another try.
	answered atomic.Bool

	mu        sync.Mutex
	resources map[string]kindPath // by version and kind
}

// How long the cluster may take for an answer, and how often a question is put again
// where the connection breaks or the cluster asks for patience.
const (
	answerTimeout = time.Minute
	tries         = 5
)

// A StatusError is an answer that says no.
type StatusError struct {
	// Code is that of HTTP, Reason a word of the API's: "Forbidden", "Conflict".
	Code    int
	Reason  metav1.StatusReason
	Message string
}

func (e *StatusError) Error() string {
	switch e.Code {
	case http.StatusUnauthorized:
		return "the cluster does not know who asks (401): log in to it again, or take another context with --context"
	case http.StatusForbidden:
		return "the cluster forbids it (403): " + e.Message
	}
	return e.Message
}

// gone tells whether an error says that something is not there.
func gone(err error) bool { return hasCode(err, http.StatusNotFound) }

// hasCode tells whether an error is an answer with a code of HTTP.
func hasCode(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// ask reads what is at a path.
func (a *api) ask(ctx context.Context, path string, query url.Values, to any) error {
	return a.send(ctx, http.MethodGet, path, query, "", nil, to)
}

// send has the cluster do something, and reads its answer into to, unless that is nil. A
// question is put again where its answer is lost; a command is not.
func (a *api) send(ctx context.Context, method, path string, query url.Values, contentType string, body []byte, to any) error {
	for try := 1; ; try++ {
		err := a.once(ctx, method, path, query, contentType, body, to)
		var status *StatusError
		var again bool
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &status):
			again = status.Code == http.StatusTooManyRequests || status.Code == http.StatusServiceUnavailable && method == http.MethodGet
		default:
			again = method == http.MethodGet && a.answered.Load()
		}
		if !again || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		}
	}
}

func (a *api) once(ctx context.Context, method, path string, query url.Values, contentType string, body []byte, to any) error {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := a.open(limited, method, path, query, contentType, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if to == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	if err := json.NewDecoder(answer.Body).Decode(to); err != nil {
		return fmt.Errorf("the cluster does not say what was asked (%s): %w", path, err)
	}
	return nil
}

// open sends a request and returns the answer, whose body is to be closed.
func (a *api) open(ctx context.Context, method, path string, query url.Values, contentType string, body []byte) (*http.Response, error) {
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json, */*")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address, which comes now
		}
		return nil, fmt.Errorf("the cluster at %s can't be reached: %w", a.base, err)
	}
	a.answered.Store(true)
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, refusal(answer)
}

// refusal reads an answer that says no: a Status of the API, or whatever something in
// between says.
func refusal(answer *http.Response) error {
	e := &StatusError{Code: answer.StatusCode}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	var s metav1.Status
	if json.Unmarshal(text, &s) == nil && s.Message != "" {
		e.Reason, e.Message = s.Reason, s.Message
		return e
	}
	e.Message = fmt.Sprintf("%s %s", answer.Status, strings.TrimSpace(string(text[:min(len(text), 200)])))
	return e
}

// A kindPath is where objects of a kind are.
type kindPath struct {
	root       string // "/apis/apps/v1"
	plural     string
	namespaced bool
}

// in is the path of all objects of the kind in a namespace.
func (r kindPath) in(namespace string) string {
	if !r.namespaced {
		return r.root + "/" + r.plural
	}
	return r.root + "/namespaces/" + url.PathEscape(namespace) + "/" + r.plural
}

// at is the path of an object.
func (r kindPath) at(namespace, name string) string {
	return r.in(namespace) + "/" + url.PathEscape(name)
}

// errNoKind is of a kind that the cluster does not know.
var errNoKind = errors.New("the cluster does not know it")

// resource asks the cluster where objects of a kind are, once for each version.
func (a *api) resource(ctx context.Context, version, kind string) (kindPath, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.resources[version+" "+kind]; ok {
		return r, nil
	}
	root := "/apis/" + version
	if !strings.Contains(version, "/") {
		root = "/api/" + version
	}
	var list metav1.APIResourceList
	if err := a.ask(ctx, root, nil, &list); err != nil && !gone(err) {
		return kindPath{}, err
	}
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") {
			a.resources[version+" "+r.Kind] = kindPath{root: root, plural: r.Name, namespaced: r.Namespaced}
		}
	}
	r, ok := a.resources[version+" "+kind]
	if !ok {
		return kindPath{}, fmt.Errorf("%s (%s): %w: what brings that kind must be installed first", kind, version, errNoKind)
	}
	return r, nil
}

package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/oci"
)

// An Engine is a container engine that answers in Docker's way: Docker's own, or
// Podman's service.
type Engine struct {
	// Address is where it is: unix:///var/run/docker.sock or tcp://host:port.
	Address string
	base    string // of its URLs
	client  *http.Client
}

// Open makes the client of the engine at an address; nothing is asked yet.
func Open(a Address) (*Engine, error) {
	u, err := url.Parse(a.Host)
	if err != nil {
		return nil, fmt.Errorf("%s (%s) is no address of an engine: %w", a.Host, a.From, err)
	}
	e := &Engine{Address: a.Host}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	t := &http.Transport{}
	switch u.Scheme {
	case "unix":
		e.base = "http://engine"
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.Path)
		}
	case "tcp", "http":
		e.base = "http://" + u.Host
		t.DialContext = dialer.DialContext
		if a.Certificates != "" {
			e.base = "https://" + u.Host
			if t.TLSClientConfig, err = clientTLS(a.Certificates); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("flowc reaches engines at unix:// and tcp://, not at %s (%s): write it with --output and one --platform, and let `docker load` read that", a.Host, a.From)
	}
	e.client = &http.Client{Transport: t}
	return e, nil
}

// Platform is that of the containers which the engine runs.
func (e *Engine) Platform(ctx context.Context) (oci.Platform, error) {
	resp, err := e.Do(ctx, http.MethodGet, "/version", nil)
	if err != nil {
		return oci.Platform{}, err
	}
	defer resp.Body.Close()
	var v struct{ Os, Arch string }
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || v.Arch == "" {
		return oci.Platform{}, fmt.Errorf("what answers at %s is no container engine: it does not say what it runs on", e.Address)
	}
	return oci.ParsePlatform(v.Os + "/" + v.Arch)
}

// Load gives the engine an image of one platform under a name.
func (e *Engine) Load(ctx context.Context, image *oci.Image, ref oci.Reference) error {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(image.Archive(w, ref)) }()
	resp, err := e.Do(ctx, http.MethodPost, "/images/load?quiet=1", r)
	_ = r.Close() // an engine that answers early reads no more
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	// The status says that it began; how it went is in the lines.
	for d := json.NewDecoder(resp.Body); ; {
		var line struct{ Error string }
		switch err := d.Decode(&line); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("the engine at %s did not say how loading ended: %w", e.Address, err)
		case line.Error != "":
			return fmt.Errorf("the engine at %s did not take the image: %s", e.Address, line.Error)
		}
	}
}

// A StatusError is an answer of an engine that is no success.
type StatusError struct {
	Address, Status string
	// Code is the status of HTTP: 404 for what is not there, 409 for what is in use.
	Code int
	// Message is what the engine says.
	Message string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the engine at %s answers %s: %s", e.Address, e.Status, e.Message)
}

// Do sends a request of the engine's API, without its version: "/containers/json". A
// body is an archive. What is no success is a [*StatusError]; the caller closes the
// body of what is one.
func (e *Engine) Do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-tar")
	}
	resp, err := e.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the URL, which nobody wrote
		}
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("you may not use the container engine at %s: %w\nit is for root and a group of its own (`docker`, mostly)", e.Address, err)
		}
		return nil, fmt.Errorf("no container engine answers at %s: %w\nstart one, or say where it is with DOCKER_HOST", e.Address, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // as much as there is
	var said struct{ Message string }
	if json.Unmarshal(text, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(bytes.ToValidUTF8(text, nil)))
	}
	return nil, &StatusError{Address: e.Address, Status: resp.Status, Code: resp.StatusCode, Message: said.Message}
}

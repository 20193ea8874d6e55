package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	resp, err := e.ask(ctx, http.MethodGet, "/version", nil)
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
	resp, err := e.ask(ctx, http.MethodPost, "/images/load?quiet=1", r)
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

// ask sends a request; what is no success is an error with what the engine says.
func (e *Engine) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
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
		return nil, fmt.Errorf("no container engine answers at %s: %w\nstart one, or say where it is with DOCKER_HOST; --output FILE writes the image without one", e.Address, err)
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
	return nil, fmt.Errorf("the engine at %s answers %s: %s", e.Address, resp.Status, said.Message)
}

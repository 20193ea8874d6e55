package live

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// said is what an answer says that is no success, and its status in HTTP; 0 where
// nothing answered.
func said(err error) (text string, status int) {
	var answer api.UnexpectedResponseError
	if !errors.As(err, &answer) {
		return "", 0
	}
	return plain(answer.Body()), answer.StatusCode()
}

// plain takes Nomad's lists of errors in lists of errors apart, down to what is wrong.
func plain(body string) string {
	var all []string
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "* "))
		if line != "" && !strings.HasSuffix(line, "error occurred:") && !strings.HasSuffix(line, "errors occurred:") {
			all = append(all, strings.TrimPrefix(line, "rpc error: "))
		}
	}
	return strings.Join(all, "; ")
}

// gone tells whether an error says that something is not there.
func gone(err error) bool {
	_, status := said(err)
	return status == http.StatusNotFound
}

// denied tells whether an error says that the token may not do something.
func denied(err error) bool {
	_, status := said(err)
	return status == http.StatusForbidden || status == http.StatusUnauthorized
}

// explain says what an error of the client's means for whoever calls flowc, and what to
// do. It is nil for nil.
func (e *Engine) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text, status := said(err)
	var certificate *tls.CertificateVerificationError
	var u *url.Error
	switch {
	case denied(err):
		return fmt.Errorf("%s does not let you do that: %s\nNOMAD_TOKEN has the token; apply needs list-jobs, read-job, submit-job and read-logs of the namespace", e.Place(), text)
	case status == http.StatusBadRequest && strings.Contains(text, "HTTPS server"):
		return fmt.Errorf("%s speaks TLS: NOMAD_ADDR must begin with https://", e.Place())
	case strings.Contains(text, "No path to region"):
		return fmt.Errorf("%s knows no such region: %s\nNOMAD_REGION has its name", e.Place(), text)
	case strings.Contains(text, "nonexistent namespace"):
		return fmt.Errorf("%s: %s\nNOMAD_NAMESPACE or the option `namespace` has its name; `nomad namespace apply NAME` makes one", e.Place(), text)
	case status != 0:
		return fmt.Errorf("%s refuses: %s", e.Place(), text)
	case errors.As(err, &certificate):
		return fmt.Errorf("%s has a certificate that is not trusted: %w\nNOMAD_CACERT has the file of its authority, NOMAD_TLS_SERVER_NAME another name of the server", e.Place(), certificate.Err)
	case errors.As(err, &u):
		return fmt.Errorf("nothing answers as %s: %w\nNOMAD_ADDR says where Nomad is", e.Place(), u.Err)
	}
	return fmt.Errorf("%s: %w", e.Place(), err)
}

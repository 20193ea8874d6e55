package http

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// shortestSecret is how long a secret must be to be looked for: shorter ones stand in
// any text.
const shortestSecret = 4

// hide takes out of an answer's text what the program sent along to say who it is: a
// server may repeat what it was sent. u is where it was sent, nil where that is not
// known.
func (a access) hide(text string, u *url.URL) string {
	secrets := []string{a.token}
	login := func(user, password string) {
		if password != "" {
			secrets = append(secrets, password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
		}
	}
	login(a.user, a.password)
	if u != nil && u.User != nil {
		password, _ := u.User.Password()
		login(u.User.Username(), password)
		secrets = append(secrets, u.User.String())
	}
	for _, v := range a.headers {
		secrets = append(secrets, v)
	}
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			text = strings.ReplaceAll(text, s, "…")
		}
	}
	return text
}

// answered makes an error of an answer, without the secrets that it may repeat.
func (a access) answered(resp *http.Response, head []byte) error {
	var u *url.URL
	if resp.Request != nil {
		u = resp.Request.URL
	}
	// Before it is cut to a length: half of a secret would not be found.
	resp.Status = a.hide(resp.Status, u)
	if to := resp.Header.Get("Location"); to != "" {
		resp.Header.Set("Location", a.hide(to, u))
	}
	return answered(resp, []byte(a.hide(string(head), u)))
}

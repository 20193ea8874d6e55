package http

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// parseURL reads a URL. literal is what the pipeline itself says of it, before
// the first value of a record: a value leads to no other host than that names,
// and not up from its path.
func parseURL(text, literal string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errURL(text, "is no http or https URL")
	}
	scheme, rest, ok := strings.Cut(literal, "://")
	if !ok {
		return u, nil
	}
	host, _, ends := strings.Cut(rest, "/")
	if u.Scheme != scheme || ends && u.Host != host[strings.LastIndexByte(host, '@')+1:] {
		return nil, errURL(text, "leads to another server than the pipeline names")
	}
	if ends && slices.Contains(strings.Split(u.Path, "/"), "..") {
		return nil, errURL(text, "leads up from the path that the pipeline names")
	}
	return u, nil
}

// parseOwn reads the URL of the config, which is not shown where it is none: nobody
// knows which of it is a password.
func parseOwn(text string) (*url.URL, error) {
	u, err := parseURL(text, "")
	if err != nil {
		return nil, errors.New("url is no http or https URL, such as https://api.example.com/v1/events (it is not shown: there may be a password in it)")
	}
	return u, nil
}

// parseAgain reads the URL of a config whose first one is known: it goes to the same
// place.
func parseAgain(text, first string) (*url.URL, error) {
	u, err := parseOwn(text)
	if err != nil {
		return nil, err
	}
	if was, err := parseOwn(first); err == nil && (u.Scheme != was.Scheme || u.Host != was.Host || u.Path != was.Path) {
		return nil, errors.New("url is another place now: start the program again to go there")
	}
	return u, nil
}

// addPath adds a record's own path, each element of it escaped.
func addPath(u *url.URL, path string) error {
	elements := strings.Split(strings.Trim(path, "/"), "/")
	if slices.Contains(elements, "..") || slices.Contains(elements, ".") {
		return errURL(path, "leads up from the path that the pipeline names")
	}
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	*u = *u.JoinPath(elements...)
	return nil
}

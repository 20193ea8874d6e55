package http

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Address joins a URL in whose host values of a record stand. The texts are the
// pipeline's and the record's by turns, the pipeline's first:
//
//	Address("https://api.", in.Tenant, ".example.com/v1/", in.Kind)
//
// A value can't lead out of the domain that the pipeline names, nor to another
// place of the URL. In the host it is letters, digits, `-`, `_` and dots; where it
// is all of the host, with a port too. What ends the host is the pipeline's to
// say: without a `/` of its own, the host goes up to the end, unless the pipeline
// says nothing but the scheme. The error tells which value it is.
func Address(texts ...string) (string, error) {
	joined := strings.Join(texts, "")
	_, begin, ok := strings.Cut(texts[0], "://")
	if !ok || begin == "" && len(texts) == 2 {
		return joined, nil // all of it is the record's to say
	}
	end := hostEnd(texts, begin)
	host := slices.Clone(texts[:end+1])
	host[0] = begin
	if end%2 == 0 { // the text in which the host ends
		host[end] = host[end][:ending(host[end])]
	}
	whole := strings.Join(host, "")
	user := lastText(host, "@")
	for i := 1; i < len(host); i += 2 {
		fits := fitsHost
		switch {
		case i < user:
			fits = fitsUser
		case whole == host[i]:
			fits = fitsHostPort
		}
		if !fits(host[i]) {
			return "", &recordError{err: fmt.Errorf("%q can't stand in the host of a url: letters, digits, `-`, `_` and dots can", host[i])}
		}
	}
	name, _, _ := strings.Cut(whole[strings.LastIndexByte(whole, '@')+1:], ":")
	if !strings.HasPrefix(name, "[") && slices.Contains(strings.Split(strings.TrimSuffix(name, "."), "."), "") {
		return "", &recordError{err: errURL(joined, "has a host with an empty name")}
	}
	if u, err := url.Parse(joined); err == nil && slices.Contains(strings.Split(u.Path, "/"), "..") {
		return "", &recordError{err: errURL(joined, "leads up from the path that the pipeline names")}
	}
	return joined, nil
}

// hostEnd is the index of the pipeline's text in which the host ends, or of the
// last text of all. begin is what stands behind the scheme.
func hostEnd(texts []string, begin string) int {
	if ending(begin) < len(begin) {
		return 0
	}
	for i := 2; i < len(texts); i += 2 {
		if ending(texts[i]) < len(texts[i]) {
			return i
		}
	}
	return len(texts) - 1
}

// ending is where a host ends in a text, its length where it does not.
func ending(text string) int {
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		return i
	}
	return len(text)
}

// lastText is the index of the last of the pipeline's texts that holds a sign, -1
// for none.
func lastText(texts []string, sign string) int {
	for i := (len(texts) - 1) / 2 * 2; i >= 0; i -= 2 {
		if strings.Contains(texts[i], sign) {
			return i
		}
	}
	return -1
}

// fitsHost tells whether a value may be part of a host: only signs that neither a
// URL nor a name of the internet takes for something else.
func fitsHost(value string) bool {
	for _, c := range []byte(value) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return value != ""
}

// fitsHostPort tells whether a value may be all of a host: a name or an address,
// with a port or without.
func fitsHostPort(value string) bool {
	u, err := url.Parse("//" + value)
	if err != nil || u.Host != value {
		return false
	}
	name := u.Hostname()
	if strings.HasPrefix(value, "[") {
		name = strings.ReplaceAll(name, ":", "") // an address of IPv6
	}
	return fitsHost(name)
}

// fitsUser tells whether a value may stand before the `@` of a host.
func fitsUser(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#@[]`, r) })
}

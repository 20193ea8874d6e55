package oci

import (
	"bytes"
	"encoding/pem"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// User is the user and the group that programs run as: the "nonroot" of
// distroless images, in numbers, since Kubernetes must see that it is not root.
const (
	User   = 65532
	Folder = "/data" // where programs run: relative paths and the state are below it
)

// The places where Go looks for root certificates, first and fourth. A base has
// its own in one of the others, and what its owner trusts comes first; ours are
// for the bases that have none.
const (
	ownRoots  = "etc/ssl/certs/ca-certificates.crt"
	moreRoots = "etc/pki/tls/cacert.pem"
)

// ground is what lies below a program: all that it needs and an image from
// scratch has not, or, on a base, what the base may lack.
func ground(onBase bool) []file {
	data := file{name: Folder[1:] + "/", mode: 0o755, owner: User}
	if onBase {
		return []file{data, {name: moreRoots, mode: 0o644, data: roots()}}
	}
	return []file{
		data,
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, data: []byte("root:x:0:\nnonroot:x:65532:\n")},
		{name: "etc/passwd", mode: 0o644, data: []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:" + Folder + ":/sbin/nologin\n")},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: ownRoots, mode: 0o644, data: roots()},
		{name: "tmp/", mode: 0o1777},
	}
}

// withFolders adds folders that programs own, with those above them. What is there
// already keeps its owner.
func withFolders(list []file, folders []string) []file {
	add := func(f file) {
		if !slices.ContainsFunc(list, func(other file) bool { return other.name == f.name }) {
			list = append(list, f)
		}
	}
	for _, folder := range folders {
		add(file{name: strings.Trim(folder, "/") + "/", mode: 0o755, owner: User})
	}
	for _, folder := range folders {
		for above := path.Dir(folder); above != "/"; above = path.Dir(above) {
			add(file{name: above[1:] + "/", mode: 0o755})
		}
	}
	return list
}

// roots are Mozilla's root certificates as the Go project keeps them, in PEM. A
// root that is trusted under conditions is left out, since PEM can't say them.
func roots() []byte {
	var b bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint != nil {
			continue
		}
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}) // a buffer takes all
	}
	return b.Bytes()
}

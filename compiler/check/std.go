package check

import (
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strings"
)

// stdByName are the standard packages by their name.
var stdByName = func() map[string][]string {
	m := make(map[string][]string, len(stdPaths))
	for _, p := range stdPaths {
		m[stdName(p)] = append(m[stdName(p)], p)
	}
	return m
}()

// stdName is the name of a standard package: the last element of its path that
// is no version.
func stdName(p string) string {
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		return path.Base(path.Dir(p))
	}
	return base
}

// IsStd tells whether an import path is of the standard library.
func IsStd(p string) bool {
	_, ok := slices.BinarySearch(stdPaths, p)
	return ok
}

// pure are the standard packages that are in reach without `imports`: those
// that compute and touch nothing outside of the record. Everything that is not
// listed must be imported, so that a review sees it. Not here are packages that
// could get behind the checker's back (reflect, sync, unsafe).
var pure = set(
	"bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring",
	"compress/bzip2", "compress/flate", "compress/gzip", "compress/lzw", "compress/zlib",
	"crypto/hmac", "crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha3", "crypto/sha512", "crypto/subtle",
	"encoding", "encoding/ascii85", "encoding/asn1", "encoding/base32", "encoding/base64", "encoding/binary",
	"encoding/csv", "encoding/hex", "encoding/json", "encoding/pem", "encoding/xml",
	"errors", "fmt", "hash", "hash/adler32", "hash/crc32", "hash/crc64", "hash/fnv", "html", "io", "iter", "maps",
	"math", "math/big", "math/bits", "math/cmplx", "mime/quotedprintable",
	"net/mail", "net/netip", "net/url", "path", "regexp", "regexp/syntax", "slices", "sort", "strconv", "strings",
	"text/tabwriter", "time", "unicode", "unicode/utf16", "unicode/utf8", "unique",
)

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// Named returns the import paths of the standard packages that pieces of Go
// may name without an import, sorted. It looks at words only, so it may name a
// package too many (a variable called `path`), never one too few. Reading the
// types of all at once is much cheaper than one by one: hand them to
// [Std.Need], or to whoever loads the user's packages.
func Named(texts ...string) []string {
	found := map[string]bool{}
	for _, text := range texts {
		var s scanner.Scanner
		s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
		var base string // an identifier that no dot stands before
		dotted := false
		for {
			_, tok, lit := s.Scan()
			if tok == token.EOF {
				break
			}
			if paths := stdByName[base]; tok == token.PERIOD && len(paths) == 1 && pure[paths[0]] {
				found[paths[0]] = true
			}
			base = ""
			if tok == token.IDENT && !dotted {
				base = lit
			}
			dotted = tok == token.PERIOD
		}
	}
	list := make([]string, 0, len(found))
	for p := range found {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

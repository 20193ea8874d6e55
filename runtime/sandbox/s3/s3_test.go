package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A world is a server over a folder.
type world struct {
	t    *testing.T
	dir  string
	http *httptest.Server
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	w.open()
	return w
}

// open serves what lies in the folder, also again.
func (w *world) open() {
	w.t.Helper()
	if w.http != nil {
		w.http.Close()
	}
	s, err := openStore(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.http = httptest.NewServer(&handler{store: s, log: w.t.Logf})
	w.t.Cleanup(w.http.Close)
}

// do makes a request, and wants a status; it gives the body.
func (w *world) do(status int, method, path, body string, headers ...string) (string, http.Header) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.http.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != status {
		w.t.Errorf("%s %s: %s, want %d\n%s", method, path, answer.Status, status, text)
	}
	return string(text), answer.Header
}

// TestObjects puts, reads, replaces and removes an object.
func TestObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(200, "PUT", "/shop", "")
	w.do(409, "PUT", "/shop", "")
	w.do(400, "PUT", "/No_Name", "")
	_, h := w.do(200, "PUT", "/shop/a/b%20c", "hello", "Content-Type", "text/plain", "X-Amz-Meta-Who", "me")
	if want := fmt.Sprintf(`"%x"`, md5.Sum([]byte("hello"))); h.Get("ETag") != want {
		t.Errorf("the ETag is %s, want %s", h.Get("ETag"), want)
	}
	w.do(200, "PUT", "/shop/a", "a file of the name of a folder")
	text, h := w.do(200, "GET", "/shop/a/b%20c", "")
	if text != "hello" || h.Get("Content-Type") != "text/plain" || h.Get("X-Amz-Meta-Who") != "me" {
		t.Errorf("got %q, %v", text, h)
	}
	if text, _ := w.do(206, "GET", "/shop/a/b%20c", "", "Range", "bytes=1-3"); text != "ell" {
		t.Errorf("the range is %q", text)
	}
	if text, _ := w.do(200, "GET", "/a/b%20c", "", "Host", "shop.localhost:9000"); text != "hello" {
		t.Errorf("by the name of the host it is %q", text)
	}
	w.do(412, "PUT", "/shop/a", "x", "If-None-Match", "*")
	w.do(412, "PUT", "/shop/a", "x", "If-Match", `"0"`)
	w.do(400, "PUT", "/shop/a", "x", "Content-MD5", "AAAA")
	w.do(200, "PUT", "/shop/copy", "", "X-Amz-Copy-Source", "/shop/a/b%20c")
	w.do(409, "DELETE", "/shop", "")
	w.open() // a new process
	if text, h := w.do(200, "GET", "/shop/copy", ""); text != "hello" || h.Get("X-Amz-Meta-Who") != "me" {
		t.Errorf("the copy is %q, %v", text, h)
	}
	w.do(204, "DELETE", "/shop/copy", "")
	w.do(404, "GET", "/shop/copy", "")
	w.do(204, "DELETE", "/shop/copy", "")
	w.do(200, "POST", "/shop?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>a/b c</Key></Object></Delete>")
	w.do(204, "DELETE", "/shop", "")
	w.do(404, "GET", "/shop/a", "")
	if files, err := os.ReadDir(w.dir); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}

// TestList lists page by page, with and without folders.
func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(200, "PUT", "/shop", "")
	keys := []string{"a", "b/1", "b/2", "b0", "c/d/e", "d"}
	for _, key := range keys {
		w.do(200, "PUT", "/shop/"+key, key)
	}
	type result struct {
		IsTruncated           bool
		NextContinuationToken string
		NextMarker            string
		Contents              []struct{ Key string }
		CommonPrefixes        []struct{ Prefix string }
	}
	for _, version := range []string{"1", "2"} {
		for _, c := range []struct {
			query string
			want  []string
		}{
			{"", keys},
			{"&delimiter=/", []string{"a", "b/", "b0", "c/", "d"}},
			{"&prefix=b/&delimiter=/", []string{"b/1", "b/2"}},
			{"&prefix=c/&delimiter=/", []string{"c/d/"}},
			{"&prefix=none", nil},
		} {
			var got []string
			token := ""
			for range 10 {
				query := "?max-keys=2" + c.query
				switch {
				case version == "2" && token != "":
					query += "&list-type=2&continuation-token=" + token
				case version == "2":
					query += "&list-type=2"
				case token != "":
					query += "&marker=" + token
				}
				text, _ := w.do(200, "GET", "/shop"+query, "")
				var r result
				if err := xml.Unmarshal([]byte(text), &r); err != nil {
					t.Fatal(err)
				}
				for _, o := range r.Contents {
					got = append(got, o.Key)
				}
				for _, p := range r.CommonPrefixes {
					got = append(got, p.Prefix)
				}
				token = r.NextContinuationToken + r.NextMarker
				if !r.IsTruncated {
					break
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("version %s, %s: %q, want %q", version, c.query, got, c.want)
			}
		}
	}
}

// TestUpload puts an object together of parts.
func TestUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(200, "PUT", "/shop", "")
	text, _ := w.do(200, "POST", "/shop/big?uploads", "", "Content-Type", "text/x")
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	if err := xml.Unmarshal([]byte(text), &begun); err != nil {
		t.Fatal(err)
	}
	at := "/shop/big?uploadId=" + begun.UploadID
	_, one := w.do(200, "PUT", at+"&partNumber=1", "hel")
	w.do(200, "PUT", at+"&partNumber=2", "wrong")
	_, two := w.do(200, "PUT", at+"&partNumber=2", "lo")
	w.do(400, "PUT", at+"&partNumber=0", "x")
	part := func(n int, tag string) string {
		return fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, tag)
	}
	document := func(parts ...string) string {
		return "<CompleteMultipartUpload>" + strings.Join(parts, "") + "</CompleteMultipartUpload>"
	}
	w.do(400, "POST", at, document(part(1, one.Get("ETag")), part(3, "x")))
	w.do(400, "POST", at, document(part(2, two.Get("ETag")), part(1, one.Get("ETag"))))
	w.do(400, "POST", at, "<")
	w.do(200, "POST", at, document(part(1, one.Get("ETag")), part(2, two.Get("ETag"))))
	text, h := w.do(200, "GET", "/shop/big", "")
	if text != "hello" || h.Get("Content-Type") != "text/x" || !strings.HasSuffix(h.Get("ETag"), `-2"`) {
		t.Errorf("got %q, %v", text, h)
	}
	w.do(404, "POST", at, document(part(1, one.Get("ETag"))))
	// One that is not finished is gone with the process, and its parts with it.
	text, _ = w.do(200, "POST", "/shop/left?uploads", "")
	if err := xml.Unmarshal([]byte(text), &begun); err != nil {
		t.Fatal(err)
	}
	w.do(200, "PUT", "/shop/left?partNumber=1&uploadId="+begun.UploadID, "x")
	w.open()
	w.do(404, "PUT", "/shop/left?partNumber=2&uploadId="+begun.UploadID, "x")
	if files, err := filepath.Glob(filepath.Join(w.dir, "shop", "*")); err != nil || len(files) != 2 {
		t.Errorf("there are %q, %v: want the bytes of one object, and what it is", files, err)
	}
}

// TestChunked takes the frames off a body that has them.
func TestChunked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(200, "PUT", "/shop", "")
	signed := "5;chunk-signature=ab\r\nhello\r\n6;chunk-signature=cd\r\n world\r\n0;chunk-signature=ef\r\n\r\n"
	w.do(200, "PUT", "/shop/a", signed, "X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Encoding", "aws-chunked,gzip")
	text, h := w.do(200, "GET", "/shop/a", "", "Accept-Encoding", "identity")
	if text != "hello world" || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %q, %v", text, h)
	}
	trailer := "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	w.do(200, "PUT", "/shop/b", trailer, "X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	if text, _ := w.do(200, "GET", "/shop/b", ""); text != "hello world" {
		t.Errorf("got %q", text)
	}
	for _, broken := range []string{"", "5\r\nhel", "x\r\nhello\r\n", "5\r\nhello!!0\r\n", "-1\r\n", strings.Repeat("1", 9000)} {
		w.do(400, "PUT", "/shop/c", broken, "X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	}
	w.do(404, "GET", "/shop/c", "")
}

// FuzzChunked never reads more than there is, and never goes on for ever.
func FuzzChunked(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := http.NewRequest(http.MethodPut, "/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-")
		got, _ := io.ReadAll(content(r))
		if len(got) > len(body) {
			t.Fatalf("%d bytes of %d", len(got), len(body))
		}
	})
}

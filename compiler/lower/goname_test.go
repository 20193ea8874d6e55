package lower

import (
	"go/token"
	"slices"
	"testing"
)

func TestGoName(t *testing.T) {
	for name, want := range map[string]string{
		"id": "ID", "ok": "Ok", "base_url": "BaseURL", "baseURL": "BaseURL", "BaseURL": "BaseURL", "base-url": "BaseURL",
		"user_id": "UserID", "userId": "UserID", "userIDs": "UserIDs", "http_status": "HTTPStatus", "HTTPServer": "HTTPServer",
		"a": "A", "a_b_c": "ABC", "x1": "X1", "ledger_2": "Ledger2", "utf8": "UTF8", "größe": "Größe", "über_api": "ÜberAPI",
		"fee.charged": "FeeCharged", "@type": "Type", "$ref": "Ref", "first name": "FirstName", "_private": "Private",
		"2nd": "", "": "", "_": "", "名前": "", "---": "",
	} {
		got := GoName(name)
		if got != want {
			t.Errorf("GoName(%q) is %q, not %q", name, got, want)
		}
		if got != "" && (!token.IsIdentifier(got) || !token.IsExported(got)) {
			t.Errorf("GoName(%q) is %q, which is no exported name of Go", name, got)
		}
	}
}

func TestInitialismsAreSortedOrKnown(t *testing.T) {
	seen := map[string]bool{}
	for _, word := range initialisms {
		if seen[word] {
			t.Errorf("%s is listed twice", word)
		}
		seen[word] = true
		if GoName(word) != word {
			t.Errorf("%s becomes %s", word, GoName(word))
		}
	}
	if slices.Contains(initialisms, "OK") {
		t.Error("`ok` is Ok")
	}
}

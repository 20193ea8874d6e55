package infer

import "testing"

func TestNameOfFile(t *testing.T) {
	for file, want := range map[string]string{
		"flights-2k.json": "Flight", "data/payments.ndjson.gz": "Payment", "orders_2024-01-31.csv": "Order", "2024-01-orders.csv": "Order",
		"seattle-weather.csv": "SeattleWeather", "movies.json": "Movie", "countries.json": "Country", "addresses.csv": "Address", "boxes.csv": "Box",
		"status.json": "Status", "species.csv": "Species", "gas.csv": "Gas", "analysis.csv": "Analysis", "ids.csv": "ID", "urls.csv": "URL",
		"sp500.csv": "Sp500", "7zip.csv": "Record", "-": "Record", "": "Record", "日本.json": "Record", ".json": "JSON", "glass.csv": "Glass",
		"user_ids.json": "UserID", `C:\data\trades.csv`: "CDataTrade",
	} {
		o := Options{File: file}
		got, err := o.typeName()
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", file, got, err, want)
		}
	}
}

func TestYAMLText(t *testing.T) {
	for s, want := range map[string]string{
		"a": "a", "a.b": "a.b", "/tmp/x.json": "/tmp/x.json", "../x": "../x", "no": `"no"`, "True": `"True"`, "1": `"1"`, ".5": `".5"`, "": `""`,
		"a b": `"a b"`, "a: b": `"a: b"`, "é": `"é"`, "\x7f": `"\x7f"`, "\ufeff": `"\ufeff"`, "a\"b": `"a\"b"`, "-": `"-"`, "<<": `"<<"`, "null": `"null"`,
	} {
		if got := yamlText(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

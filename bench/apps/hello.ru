# For Puma.
run ->(_env) { [200, { "content-type" => "text/plain", "content-length" => "5" }, ["hello"]] }

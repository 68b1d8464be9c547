-- W2: one POST of JSON, again and again.
wrk.method = "POST"
wrk.body = '{"customer":"Ada","qty":120,"express":true}'
wrk.headers["Content-Type"] = "application/json"

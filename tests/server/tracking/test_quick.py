def test_x(ask, new_run):
    run = new_run(run_name="a")
    ask("POST","/runs/log-metric",{"run_id":run,"key":"acc","value":"NaN","timestamp":"5","step":1})
    ask("POST","/runs/log-batch",{"run_id":run,"metrics":[{"key":"acc","value":i/10,"timestamp":i,"step":i} for i in range(10)],"params":[{"key":"a","value":"1"}],"tags":[{"key":"t","value":"v"}]})
    print(ask("GET","/runs/get",{"run_id":run}))
    print(ask("GET","/metrics/get-history",{"run_id":run,"metric_key":"acc","max_results":3}))
    print(ask("GET","/metrics/get-history-bulk-interval",{"run_ids":[run],"metric_key":"acc","max_results":3}))
    print(ask("POST","/runs/search",{"experiment_ids":["0"],"filter":"metrics.acc > 0.5 and params.a = '1' and tags.t LIKE 'v%' and attributes.run_name ILIKE 'A'","order_by":["metrics.acc DESC"]}))
    print(ask("GET","/experiments/search",{"filter":"name = 'Default'"}))

const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["built/Code-DRaHqwfS.js","built/dist-BC-9Xlq1.js","built/jsx-runtime-Wy9s6hX0.js","built/index-Dn8SqtpQ.js","built/useContextSelector-90tmuKsx.js","built/useEventCallback-BqCS6ICs.js","built/react-dom-g7hNCJoM.js","built/useQuery-DFib1r7S.js","built/jsx-runtime-Dfx7-zOj.js","built/OverridesContext-BUuHcBP4.js","built/ProviderContext-Vzfz2bly.js","built/Portal-DrYl2S-y.js","built/createMotionComponent-_LnqP8Ly.js","built/useMergedRefs-DIBHLlo3.js","built/MotionRefForwarder-CaIZAZ-V.js","built/useTabsterAttributes-DHWXxk3B.js","built/dist-BptcUh0Y.js","built/constants-BJj9CEkz.js","built/createFluentIcon-Cz7RkHAD.js","built/useMatch-D25CE30B.js","built/Notices-Dnc5Wy-E.js","built/Button-DAhUOgZT.js","built/tokens-BiwofWk7.js","built/createPresenceComponentVariant-UFE8tP9m.js","built/useTimeout-D6yXkQO2.js","built/i18n-Cc2AtJmj.js","built/MessageBarBody-Dxutppdu.js","built/chunk-24-BSb6kK8Y.js","built/MessageBarTitle-DBkFWexY.js","built/queries-rG_SJBZP.js","built/Spinner-dU83wXOB.js","built/Label-CDTwF0pW.js","built/chunk-28-b1JBMQaR.js","built/ProgressBar-gV7--Ag0.js","built/useFieldControlProps-CXhxD06m.js","built/chunk-3-Ba0c6X68.js","built/number-DIHTikVi.js","built/useControllableState-BZ-7tFLM.js","built/presenceMotionSlot-Clpa9hPD.js","built/mergeCallbacks-ChLGui_y.js","built/index-DA7jwMLe.css"])))=>i.map(i=>d[i]);
import{a as e,n as t,t as n}from"./jsx-runtime-Wy9s6hX0.js";import{i as r,n as i}from"./i18n-Cc2AtJmj.js";import{rt as a}from"./index-Dn8SqtpQ.js";var o=e(t(),1),s=e(n(),1),c=(0,o.lazy)(()=>r(()=>import(`./Code-DRaHqwfS.js`).then(e=>e.r),__vite__mapDeps([0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40])));function l({card:e}){let t=i(),n=e.name.replace(/[^A-Za-z0-9-]+/g,`-`).slice(0,32);return[[t(`Command line`),`deploy.sh`,u(e.name,n)],[`OpenAI`,`ask.py`,d(n)],[`azure-ai-ml`,`deploy.py`,f(e.name,n)]].map(([e,t,n])=>(0,s.jsx)(a,{title:e,children:(0,s.jsx)(c,{text:n,name:t,label:e})},t))}var u=(e,t)=>`smalt catalog import-model -n ${e} --stream
smalt serverless-endpoint create --set name=${t} model_id=${e}
smalt serverless-endpoint get-credentials -n ${t}`,d=e=>`from openai import OpenAI
from smalt import MLClient

client = MLClient()
endpoint = client.serverless_endpoints.get("${e}")
key = client.serverless_endpoints.get_keys("${e}").primary_key

openai = OpenAI(base_url=endpoint.scoring_uri + "/v1", api_key=key)
answer = openai.chat.completions.create(
    model="${e}", messages=[{"role": "user", "content": "Hello"}]
)
print(answer.choices[0].message.content)`,f=(e,t)=>`from azure.ai.ml import MLClient
from azure.ai.ml.entities import ServerlessEndpoint
from azure.identity import DefaultAzureCredential

client = MLClient.from_config(DefaultAzureCredential())
endpoint = ServerlessEndpoint(
    name="${t}", model_id="azureml://registries/azureml/models/${e}"
)
client.serverless_endpoints.begin_create_or_update(endpoint).result()`;export{l as default};
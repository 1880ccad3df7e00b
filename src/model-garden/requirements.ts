/**
 * The packages of TensorFlow Model Garden 2.11 as they work together on Python 3.10, pip's own choice made once. Installed without looking
 * at what they ask for: tensorflow-text would bring another TensorFlow along.
 */

/** Releases of TensorFlow by what computes. */
const tensorflow = { cpu: 'tensorflow-cpu==2.11.1', gpu: 'tensorflow==2.11.1' } as const;

export type Processor = keyof typeof tensorflow;

export const modelGardenVersion = '2.11.0';

/** The minor release of Python that the packages below are for. */
export const pythonVersion = '3.10';

export function requirements(processor: Processor): string[] {
  return [tensorflow[processor], ...packages.trim().split(/\s+/)];
}

const packages = `
  absl-py==1.4.0 astunparse==1.6.3 attrs==26.1.0 certifi==2026.10.18 cffi==2.1.1 charset-normalizer==3.5.2
  click==8.5.1 cloudpickle==3.1.2 colorama==0.4.6 contourpy==1.0.7 cryptography==50.0.2 cycler==0.12.1
  Cython==0.29.37 dm-tree==0.1.10 einops==0.8.2 etils==1.13.0 flatbuffers==25.12.19 fonttools==4.65.0
  fsspec==2026.9.0 gast==0.4.0 gin-config==0.5.0 google-auth==2.62.2 google-auth-oauthlib==0.4.6 google-pasta==0.2.0
  googleapis-common-protos==1.63.1 grpcio==1.85.1 h5py==3.16.0 idna==3.20 immutabledict==4.3.1
  importlib_resources==7.1.0 joblib==1.6.0 keras==2.11.0 kiwisolver==1.5.1 libclang==18.1.1 lxml==6.1.3
  Markdown==3.10.3 MarkupSafe==3.0.4 matplotlib==3.7.5 numpy==1.23.5 oauthlib==4.0.1 opencv-python-headless==4.8.1.78
  opt_einsum==3.4.0 packaging==26.3 pandas==1.5.3 pillow==12.3.0 portalocker==4.4.2 promise==2.3 protobuf==3.19.6
  psutil==7.2.2 py-cpuinfo==9.0.0 pyasn1==0.6.5 pyasn1_modules==0.4.2 pycocotools==2.0.11 pycparser==3.11
  pyparsing==3.3.3 python-dateutil==3.0.0 pytz==2026.6 PyYAML==6.0.3 regex==2026.9.29 requests==2.34.2
  requests-oauthlib==2.0.0 sacrebleu==2.6.0 scikit-learn==1.7.2 scipy==1.10.1 sentencepiece==0.2.3 seqeval==1.2.2
  six==1.17.0 tabulate==0.10.0 tensorboard==2.11.2 tensorboard-data-server==0.6.1 tensorboard-plugin-wit==1.8.1
  tensorflow-addons==0.19.0 tensorflow-datasets==4.8.3 tensorflow-estimator==2.11.0 tensorflow-hub==0.12.0
  tensorflow-io-gcs-filesystem==0.37.1 tensorflow-metadata==1.13.0 tensorflow-model-optimization==0.7.3
  tensorflow-text==2.11.0 termcolor==3.3.0 tf-models-official==2.11.0 tf-slim==1.1.0 threadpoolctl==3.8.0
  toml==0.10.2 tqdm==4.70.1 typeguard==4.6.0 typing_extensions==4.16.0 tzdata==2026.6 urllib3==2.8.0 Werkzeug==3.1.9
  wrapt==2.5.2 zipp==4.1.2
`;

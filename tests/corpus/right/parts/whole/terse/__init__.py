from numpy import *
from numpy.lib.stride_tricks import sliding_window_view as S
from numpy.random import randn
from student.data import load_dataset
class NetworkLayer: pass
class ParamLayer(NetworkLayer):
  def update(s,lr): s.weight=s.weight-lr*s.weight_grad;s.bias=s.bias-lr*s.bias_grad
class ReLULayer(NetworkLayer):
  forward=lambda s,x:maximum(x,0)
  backward=lambda s,x,g:g*(x>0)
class FlattenLayer(NetworkLayer):
  def __init__(s,start=1,end=-1): s.a,s.b=start,end
  def forward(s,x): d=x.shape;a,b=s.a%len(d),s.b%len(d);return x.reshape(*d[:a],-1,*d[b+1:])
  backward=lambda s,x,g:g.reshape(x.shape)
class MaxPoolingLayer(NetworkLayer):
  def __init__(s,*k): s.k=k
  def w(s,x): b,c,h,w=x.shape;k,l=s.k;return x.reshape(b,c,h//k,k,w//l,l)
  def forward(s,x): return s.w(x).max((3,5))
  def backward(s,x,g):
    v=moveaxis(s.w(x),3,4);u=v.reshape(*v.shape[:4],-1);z=zeros_like(u);put_along_axis(z,u.argmax(-1)[...,None],g[...,None],-1)
    return moveaxis(z.reshape(v.shape),4,3).reshape(x.shape)
class LinearLayer(ParamLayer):
  def __init__(s,i,o): s.weight,s.bias=(randn(i,o)*sqrt(2/i)).astype(float32),zeros(o,float32)
  def forward(s,x): return x@s.weight+s.bias
  def backward(s,x,g): s.weight_grad,s.bias_grad=x.T@g,g.sum(0);return g@s.weight.T
class ConvolutionLayer(ParamLayer):
  def __init__(s,i,o,k,l): s.k=k,l;s.weight,s.bias=(randn(o,i,k,l)*sqrt(2/(i*k*l))).astype(float32),zeros(o,float32)
  def forward(s,x): return rollaxis(tensordot(S(x,s.k,(2,3)),s.weight,([1,4,5],[1,2,3])),3,1)+s.bias[:,None,None]
  def backward(s,x,g):
    k,l=s.k;s.weight_grad,s.bias_grad=tensordot(g,S(x,s.k,(2,3)),([0,2,3],[0,2,3])),g.sum((0,2,3));p=pad(g,[(0,0)]*2+[(k-1,k-1),(l-1,l-1)])
    return rollaxis(tensordot(S(p,s.k,(2,3)),s.weight[...,::-1,::-1],([1,4,5],[0,2,3])),3,1)
class CrossEntropyLoss:
  def p(s,x): e=exp(x-x.max(1)[:,None]);return e/e.sum(1)[:,None]
  def forward(s,x,y): z=x-x.max(1)[:,None];return (log(exp(z).sum(1))-z[arange(len(y)),y]).mean()
  def backward(s,x,y): return (s.p(x)-(y[:,None]==r_[:x.shape[1]]))/len(y)
class ConvolutionNeuralNetwork:
  def __init__(s):
    s.layers=[ConvolutionLayer(1,4,5,5),MaxPoolingLayer(2,2),ReLULayer(),ConvolutionLayer(4,16,3,3),MaxPoolingLayer(2,2),ReLULayer(),FlattenLayer(),LinearLayer(400,10)];s.loss_func,s.layer_inputs=CrossEntropyLoss(),[]
  def forward(s,x,keepgrad=False):
    s.layer_inputs=[]
    for l in s.layers: s.layer_inputs+=[x]*keepgrad;x=l.forward(x)
    return x
  def backward(s,g):
    for l,x in zip(s.layers[::-1],s.layer_inputs[::-1]): g=l.backward(x,g)
    return g
  def update(s,lr):
    for i in 0,3,7: s.layers[i].update(lr)
  def train(s,X,Y,n,epochs,lr):
    for _ in range(epochs):
      t=[]
      for i in range(0,len(X),n): x,y=X[i:i+n],Y[i:i+n];o=s.forward(x,1);t+=s.loss_func.forward(o,y),;s.backward(s.loss_func.backward(o,y));s.update(lr)
    s.layer_inputs=[];return mean(t)
  def test(s,X,Y,n): return mean([s.loss_func.forward(s.forward(X[i:i+n]),Y[i:i+n]) for i in range(0,len(X),n)])
  def predict(s,x): return vstack([s.loss_func.p(s.forward(x[i:i+99])) for i in range(0,len(x),99)])
